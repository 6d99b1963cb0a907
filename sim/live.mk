# midge-sim: a board in software, on host sockets. Beside it lies the image of each board, made of the
# chip's own sources: broker/, port/lwip.c, lwIP and boards/chip, over hal/posix.c.
#
#   build/sim/midge-sim --board lm3s6965evb
#   build/sim/debug/midge-sim                  the same under ASan and UBSan

LIVE_SRC  := $(filter-out %/inside.c,$(wildcard sim/live/*.c)) $(LWIP_SRC)
LIVE_CHIP := $(wildcard broker/*.c broker/*/*.c port/lwip/*.c boards/chip/*.c) port/lwip.c \
             boards/chip/app/midge.c $(patsubst %,hal/%.c,posix console nor memory_flash seed chacha20 wall) \
             sim/live/inside.c boards/chip/conf.S $(LWIP_SRC) port/crypto.c $(SODIUM_SRC)
# conf.S does not say, as it would for a host, that it runs nothing on the stack.
LIVE_LINK := -Wl,-z,noexecstack,--gc-sections \
             $(addprefix -Wl$(comma)--wrap=,memp_malloc app_turn backing_program backing_erase)
LIVE_CC   := $(CC) -g -I. $(EXTENSIONS) -isystem $(LWIP)/src/include $(SODIUM_PATHS)

live: build/sim/midge-sim $(CHIPS:%=build/sim/midge-sim-%)
	@build/sim/midge-sim --board $(firstword $(CHIPS)) $(ARGS)

# One program: its name, its folder of objects, its sources, how they are compiled, and linked.
define LIVE_PROGRAM
$1: $$(addsuffix .o,$$(addprefix $2/,$3))
	@echo "LD  $$@"
	$$(Q)$$(LIVE_CC) $4 $5 -o $$@ $$^

$2/$$(LWIP)/%.o: $$(LWIP)/% sim/live.mk
	@mkdir -p $$(@D)
	$$(Q)$$(LIVE_CC) $4 -std=c11 -w -MD -MP -c -o $$@ $$<

$2/$$(SODIUM)/%.o: $$(SODIUM)/% sim/live.mk
	@mkdir -p $$(@D)
	$$(Q)$$(LIVE_CC) $4 $$(SODIUM_FLAGS) -MD -MP -c -o $$@ $$<

$2/%.o: % Makefile sim/live.mk | $$(LWIP)/COPYING $$(SODIUM)/LICENSE
	@echo "CC  $$< ($1)"
	@mkdir -p $$(@D)
	$$(Q)$$(LIVE_CC) $4 $$(DIALECT) -MD -MP -c -o $$@ $$<
endef

# All programs of a kind: where they lie, and how they are compiled.
define LIVE_KIND
$(call LIVE_PROGRAM,build/sim/$1midge-sim,build/sim/$1live,$(LIVE_SRC),$2 -Isim/live -Iport/lwip)
$(foreach board,$(CHIPS),
$(call LIVE_PROGRAM,build/sim/$1midge-sim-$(board),build/sim/$1$(board),$(LIVE_CHIP),$2 -Iport/lwip \
    -include boards/$(board)/board.h -DMIDGE_FAULTS -DBOARD_CONF='"boards/$(board)/midge.conf"',$(LIVE_LINK))
build/sim/$1$(board)/boards/chip/conf.S.o: boards/$(board)/midge.conf
)
endef

$(eval $(call LIVE_KIND,,-O2))
$(eval $(call LIVE_KIND,debug/,-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all))
