# Instructions for a message, counted exactly: the broker of a board with a Cortex-M3, without a
# network, in QEMU with a clock that goes by instructions.

SUITES += cost

COST_BOARD := mps2-an385

cost:
	@$(MAKE) --no-print-directory BOARD=$(COST_BOARD) build/$(COST_BOARD)/cost.elf
	@qemu-system-arm -M $(COST_BOARD) -icount shift=0 -no-reboot -display none -monitor none \
	    -serial stdio -semihosting-config enable=on,target=native \
	    -kernel build/$(COST_BOARD)/cost.elf </dev/null; [ $$? -eq 17 ]
