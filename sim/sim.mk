# The simulator: a deterministic world of brokers, cables and clients, of which each seed is one.
#
#   build/sim/vopr SEED [COUNT [EVENTS]]    runs worlds; a failing one names its seed and last events
#   build/sim/debug/vopr                    the same under ASan and UBSan; the same seed, the same hash

#   sim/mutants/mutate.py                   breaks the broker on purpose: a world must notice

SUITES += sim
SUITES_BUSY += patches

SIM_SRC   := $(wildcard broker/*.c broker/*/*.c sim/*.c)
SIM_FLAGS := -g -I. -include sim/board.h -DMIDGE_FAULTS -DCOMMIT='"$(shell git describe --always --dirty 2>/dev/null)"' $(DIALECT)

# Seeds of one run: fresh ones with each commit, and the same ones for the same commit.
SIM_SEEDS ?= 600

sim: build/sim/vopr build/sim/debug/vopr
	@sim/run $(SIM_SEEDS)

# Of the mechanical mutants, one in so many.
MUTANT_SHARE ?= 10

mutants:
	@python3 sim/mutants/mutate.py patches
	@python3 sim/mutants/mutate.py mechanical $(MUTANT_SHARE)

patches:
	@python3 sim/mutants/mutate.py suite

define SIM_KIND
build/sim/$1vopr: $$(SIM_SRC:%.c=build/sim/$1o/%.o)
	@echo "LD  $$@"
	$$(Q)$$(CC) $$(SIM_FLAGS) $2 -o $$@ $$^

build/sim/$1o/%.o: %.c Makefile sim/sim.mk
	@echo "CC  $$< (simulated$3)"
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(SIM_FLAGS) $2 -MMD -MP -c -o $$@ $$<
endef

$(eval $(call SIM_KIND,,-O2,))
$(eval $(call SIM_KIND,debug/,-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all,$(comma) sanitized))

-include $(shell find build/sim -name '*.d' 2>/dev/null)
