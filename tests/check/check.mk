# Static analysis, a source and a tool at a time: what has passed is not asked again until it
# changes.

SUITES_BUSY += check

CHECKED := $(filter-out $(CACHE)/%,$(LIB_SRC)) port/template.c port/crypto.c $(wildcard boards/*/*.c boards/*/*/*.c hal/*.c)
CHECKS  := $(foreach tool,gcc tidy cppcheck,$(CHECKED:%.c=build/check/%.$(tool)))

check:
	@$(MAKE) -s -k $(CHECKS) || true
	@ok=$$(ls $(CHECKS) 2>/dev/null | wc -l); bad=$$(($(words $(CHECKS)) - ok)); \
	    echo "check: $$ok passed, $$bad failed"; [ $$bad -eq 0 ]

$(CHECKS): tests/check/check.mk tests/check/clang-tidy \
           $(wildcard broker/*.h broker/*/*.h port/*.h hal/*.h boards/*/*.h)

build/check/port/% build/check/boards/%: CPPFLAGS += $(EXTENSIONS)

# TLS is read beside the headers of its libraries, of one of which it takes in a source.
build/check/port/tls% build/check/port/crypto%: \
    CPPFLAGS += -DMBEDTLS_CONFIG_FILE='"port/tls/config.h"' -Iport/tls -isystem $(MBEDTLS)/include \
                -isystem $(MBEDTLS)/library $(SODIUM_PATHS)
build/check/port/tls/gcm_portable.tidy: TIDY_CHECKS = --checks=-bugprone-suspicious-include

# What drives a chip is read as the first board has it that has it; its addresses are numbers.
hal_of   = $(shell sed -n '/^HAL :=/,/[^\\]$$/p' boards/$(1)/board.mk)
board_of = $(firstword $(foreach b,$(CHIPS),$(if $(filter $(notdir $*),$(call hal_of,$(b))),$(b))) \
               template)
NEWLIB   = $(patsubst %/string.h,%,$(filter %/string.h, \
               $(shell arm-none-eabi-gcc -M -xc -include string.h /dev/null)))

build/check/hal/%: CC = arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb
build/check/hal/%: CPPFLAGS = -I. -include boards/$(board_of)/board.h
build/check/hal/%: TIDY = --target=arm-none-eabi -mcpu=cortex-m3 -isystem $(NEWLIB)
build/check/hal/%: TIDY_CHECKS = --checks=-performance-no-int-to-ptr
# What of hal/ runs on a host.
HOSTED := $(addprefix build/check/hal/,file_flash.% posix.%)
$(HOSTED): CC = gcc
$(HOSTED): CPPFLAGS = -I. $(EXTENSIONS) -include boards/$(firstword $(CHIPS))/board.h
$(HOSTED): TIDY =

build/check/%.gcc: %.c
	@echo "GCC -fanalyzer $<"
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(CC) $(CPPFLAGS) $(DIALECT) -O2 -fanalyzer -c -o $@.o $< && mv $@.o $@

# Clang's analyzer thinks about a function for as long as it takes to see 50,000 states: four times
# as many have shown nothing more, and take four times as long.
DEPTH := -Xclang -analyzer-config -Xclang max-nodes=50000

build/check/%.tidy: %.c
	@echo "TIDY $<"
	@mkdir -p $(@D) && rm -f $@
	$(Q)clang-tidy --quiet --config-file=tests/check/clang-tidy $(TIDY_CHECKS) $< -- $(CPPFLAGS) \
	    $(DIALECT) $(TIDY) $(DEPTH) 2>$@.log || { cat $@.log; false; } && mv $@.log $@

# uninitvar: gcc and clang see it too, and cppcheck does not see an argument filled by the
# argument after it.
build/check/%.cppcheck: %.c
	@echo "CPPCHECK $<"
	@mkdir -p $(@D) && rm -f $@
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=uninitvar --error-exitcode=1 \
	    $(filter-out -isystem $(CACHE)/%,$(subst -include ,--include=,$(CPPFLAGS))) $< && touch $@
