# port/lwip.c with the limits of a small and of a large chip, in a Linux process whose Ethernet is a
# tap device, under ASan and UBSan: tests/boards/lwip.py. Needs root, for network namespaces.

SUITES   += lwip
PREPARED += build/lwip/chip build/lwip-large/chip

LWIP_OURS  := $(wildcard broker/*.c broker/*/*.c) port/lwip.c $(wildcard port/lwip/*.c tests/boards/lwip/*.c)
LWIP_OBJ   := $(LWIP_OURS:%.c=%.o) $(LWIP_SRC:%.c=%.o)
LWIP_CC    := gcc -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer -MD -MP -I. -include tests/boards/lwip/board.h -Iport/lwip \
              -isystem $(LWIP)/src/include -D_GNU_SOURCE

lwip: build/lwip/chip build/lwip-large/chip
	@$(AS_ROOT) python3 -B tests/boards/lwip.py $^

build/lwip-large/%: LWIP_CC += -DLARGE

build/lwip/chip: $(addprefix build/lwip/,$(LWIP_OBJ))
build/lwip-large/chip: $(addprefix build/lwip-large/,$(LWIP_OBJ))
build/lwip/chip build/lwip-large/chip:
	@echo "LD  $@"
	$(Q)gcc -fsanitize=address,undefined -Wl,--wrap=memp_malloc -o $@ $^

define LWIP_RULES
$(1)/$(LWIP)/%.o: $(LWIP)/%.c tests/boards/lwip.mk
	@mkdir -p $$(@D)
	$$(Q)$$(LWIP_CC) -std=c11 -w -c -o $$@ $$<

$(1)/%.o: %.c tests/boards/lwip.mk | $(LWIP)/COPYING
	@echo "CC  $$<"
	@mkdir -p $$(@D)
	$$(Q)$$(LWIP_CC) $$(DIALECT) -c -o $$@ $$<
endef
$(eval $(call LWIP_RULES,build/lwip))
$(eval $(call LWIP_RULES,build/lwip-large))

-include $(addprefix build/lwip/,$(LWIP_OBJ:.o=.d)) $(addprefix build/lwip-large/,$(LWIP_OBJ:.o=.d))
