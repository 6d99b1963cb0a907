# What happens when a pool is full, for every pool and every take: the broker with a small chip's
# limits and pools that fail on demand, under ASan and UBSan.

SUITES_BUSY += exhaust

EXHAUST_CHECKS := $(patsubst %,sim/%.c,check store trie wheel subjects)
EXHAUST_SRC := $(wildcard broker/*.c broker/*/*.c tests/exhaust/*.c) $(EXHAUST_CHECKS) tests/panic.c
EXHAUST_CC  := $(CC) -O1 -g -I. -DMIDGE_FAULTS $(DIALECT) \
               -fsanitize=address,undefined -fno-sanitize-recover=all

# Twice: as a chip has it, and with a hub's wide indices and matches of several messages at once.
EXHAUST_HUB := -DMIDGE_WIDE -DMIDGE_MATCH_AHEAD=4 -DMIDGE_MONITOR_HUB=1

exhaust: build/exhaust/chip/exhaust build/exhaust/hub/exhaust
	@for kind in $^; do $$kind || echo "exhaust: 0 passed, 1 failed"; done | tee build/exhaust/log | \
	    grep -v '^exhaust: .* passed' || true
	@awk '/^exhaust: .* passed/ { passed += $$2; failed += $$4 } \
	    END { print "exhaust: " passed " passed, " failed " failed"; exit failed > 0 || !passed }' \
	    build/exhaust/log

define EXHAUST_KIND
build/exhaust/$1/exhaust: $$(EXHAUST_SRC:%.c=build/exhaust/$1/%.o)
	@echo "LD  $$@"
	$$(Q)$$(EXHAUST_CC) -o $$@ $$^

build/exhaust/$1/%.o: %.c Makefile tests/exhaust/exhaust.mk
	@echo "CC  $$< (with faults, as a $1)"
	@mkdir -p $$(@D)
	$$(Q)$$(EXHAUST_CC) $2 -MMD -MP -c -o $$@ $$<
endef

$(eval $(call EXHAUST_KIND,chip))
$(eval $(call EXHAUST_KIND,hub,$(EXHAUST_HUB)))

-include $(shell find build/exhaust -name '*.d' 2>/dev/null)
