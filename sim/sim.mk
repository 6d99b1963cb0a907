# The simulator: a deterministic world of brokers, cables and clients, of which each seed is one.
#
#   build/sim/vopr SEED [COUNT [EVENTS]]    runs worlds; a failing one names its seed and last events
#   build/sim/debug/vopr                    the same by clang, under ASan and UBSan: the same hash
#   make CROSS=mips-linux-gnu- sim          the same on another machine, which must agree with this one
#   make soak                               fresh seeds until ^C; what fails is kept in build/sim/found
#   sim/mutants/mutate.py                   breaks the broker on purpose: a world must notice

SUITES += sim
SUITES_BUSY += patches

SIM_SRC   := $(wildcard broker/*.c broker/*/*.c sim/*.c) boards/chip/slots.c boards/chip/settings.c
SIM_FLAGS := -g -I. -include sim/board.h -DMIDGE_FAULTS -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
             -DCOMMIT='"$(shell git describe --always --dirty 2>/dev/null)"' $(DIALECT)

# Seeds of one run: fresh ones with each commit, and the same ones for the same commit.
SIM_SEEDS ?= 400

ifeq ($(CROSS),)
sim: build/sim/vopr build/sim/debug/vopr
	@sim/run $(SIM_SEEDS)
else
sim: build/sim/$(ARCH)/vopr
	@sim/same build/sim/vopr "$(QEMU) $<"
endif

soak: build/sim/vopr build/sim/debug/vopr
	@python3 -B sim/soak.py $^ $(SEEDS)

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
	$$(Q)$4 $$(SIM_FLAGS) $2 -o $$@ $$^

build/sim/$1o/%.o: %.c Makefile sim/sim.mk
	@echo "CC  $$< (simulated$3)"
	@mkdir -p $$(@D)
	$$(Q)$4 $$(SIM_FLAGS) $2 -MMD -MP -c -o $$@ $$<
endef

$(eval $(call SIM_KIND,$(addsuffix /,$(ARCH)),-O2,,$$(CC)))
$(eval $(call SIM_KIND,debug/,-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all,$(comma) sanitized,clang))

$(foreach kind,/ /debug/ /coverage/,build/sim$(kind)o/sim/cases.o): $(wildcard tests/unit/conf/*.cases)

# Whose lines are counted: tests/coverage.
$(eval $(call SIM_KIND,coverage/,-O0,$(comma) counted,$$(CC)))
build/sim/coverage/vopr: SIM_FLAGS += --coverage

-include $(shell find build/sim -name '*.d' 2>/dev/null)
