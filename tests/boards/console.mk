# The console of every board, its configuration in flash, and applications and boot loaders beside
# it, in QEMU.

SUITES += console

# Where the slot of a boot loader begins, and how large it is where TLS is in the image, and else.
CONSOLE_SLOT_AT    := 0x8000
console_slot_bytes  = $(if $(shell grep -s '^TLS := 1' boards/$(1)/board.mk),0x48000,0x28000)

# Seconds of a trial, in an image that no test has long to wait for.
CONSOLE_TRIAL_S := 6

CONSOLE_BUILDS := $(CHIPS:%=console-%)
PREPARED       += $(CONSOLE_BUILDS)

console: $(CONSOLE_BUILDS)
	@python3 -B tests/boards/console.py $(CONSOLE_SLOT_AT) $(CONSOLE_TRIAL_S) \
	    $(foreach b,$(CHIPS),$(b)=$(call console_slot_bytes,$(b)))

.PHONY: $(CONSOLE_BUILDS)
# After the other programs of the board, since they share objects.
$(CONSOLE_BUILDS): console-%: chips-% build/loader.elf
	@$(MAKE) --no-print-directory -s BOARD=$* image example build/$*/host/config build/$*/host/provision
	@$(MAKE) --no-print-directory -s BOARD=$* TRIAL_S=$(CONSOLE_TRIAL_S) image
	@$(MAKE) --no-print-directory -s BOARD=$* SLOT="$(CONSOLE_SLOT_AT) $(call console_slot_bytes,$*)" image

build/loader.elf: tests/boards/loader.S
	$(Q)arm-none-eabi-gcc -mcpu=cortex-m3 -nostdlib -Wl,-Ttext=0 -Wl,-e,load \
	    -DSLOT_AT=$(CONSOLE_SLOT_AT) -o $@ $<
