# What the broker takes: RAM by pool, with the board's limits; code by file, for Linux and for
# Cortex-M3.

ram: $(B)/tests/size/ram
	@$(QEMU) $<

$(B)/tests/size/ram: $(B)/tests/size/ram.o
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

size: hub cortex-m3
	@$(CROSS)strip -o $(B)/midge.stripped $(B)/midge
	@echo "$(B)/midge: $$(stat -c %s $(B)/midge.stripped) bytes, stripped"
	@size $(B)/midge
	@echo; echo "broker/core for Cortex-M3, at most $(M3_CORE_MAX) bytes of text:"
	@arm-none-eabi-size -t $(M3)/broker/core/*.o
