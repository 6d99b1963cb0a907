# Every board with a chip, in QEMU: what hal/ promises, by a program that boots again and again; and
# the image itself, with clients.

SUITES += chips

CHIP_ELF := $(foreach chip,$(CHIPS),build/$(chip)/hal.elf build/$(chip)/midge.elf) \
            build/template/midge.elf

chips: $(CHIP_ELF)
	@python3 -B tests/boards/chips.py $(CHIPS)

# Each board's own rules know when there is something to do.
.PHONY: $(CHIP_ELF)
$(CHIP_ELF):
	@$(MAKE) --no-print-directory BOARD=$(word 2,$(subst /, ,$@)) $@
