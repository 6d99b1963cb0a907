# Every board with a chip, in QEMU: what hal/ promises, by a program that boots again and again; and
# the image itself, with clients.

SUITES += chips

CHIP_BUILDS := $(CHIPS:%=chips-%)

chips: $(CHIP_BUILDS) chips-template
	@python3 -B tests/boards/chips.py $(CHIPS)

# Both programs by one make, since they share objects.
.PHONY: $(CHIP_BUILDS) chips-template
$(CHIP_BUILDS): chips-%:
	@$(MAKE) --no-print-directory BOARD=$* build/$*/hal.elf build/$*/midge.elf

chips-template:
	@$(MAKE) --no-print-directory BOARD=template image
