# The console of every board, its configuration in flash, and applications and boot loaders beside
# it, in QEMU.

SUITES += console

CONSOLE_SLOT := 0x8000 0x28000

CONSOLE_BUILDS := $(CHIPS:%=console-%)
PREPARED       += $(CONSOLE_BUILDS)

console: $(CONSOLE_BUILDS)
	@python3 -B tests/boards/console.py $(CONSOLE_SLOT) $(CHIPS)

.PHONY: $(CONSOLE_BUILDS)
# After the other programs of the board, since they share objects.
$(CONSOLE_BUILDS): console-%: chips-% build/loader.elf
	@$(MAKE) --no-print-directory -s BOARD=$* image example build/$*/host/config
	@$(MAKE) --no-print-directory -s BOARD=$* SLOT="$(CONSOLE_SLOT)" image

build/loader.elf: tests/boards/loader.S
	$(Q)arm-none-eabi-gcc -mcpu=cortex-m3 -nostdlib -Wl,-Ttext=0 -Wl,-e,load \
	    -DSLOT_AT=$(firstword $(CONSOLE_SLOT)) -o $@ $<
