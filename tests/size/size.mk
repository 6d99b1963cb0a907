# What the broker takes: code, against budgets, on Linux and on a Cortex-M3 with the default limits;
# flash, RAM and stack of every board's image; and RAM by pool, with a board's limits.

SUITES_BUSY += size

HUB_BYTES_MAX := 614400
M3_TEXT_MAX   := 32768

M3     := build/cortex-m3
M3_OBJ := $(patsubst %.c,$(M3)/%.o,$(wildcard broker/*.c broker/*/*.c))

PREPARED += $(M3_OBJ)

size: hub $(M3_OBJ) $(patsubst %,chips-%,$(CHIPS) $(PROFILES))
	@MAKE="$(MAKE)" tests/size/run $(B)/midge $(HUB_BYTES_MAX) $(M3_TEXT_MAX) "$(CHIPS) $(PROFILES)" \
	    $(filter $(M3)/broker/core/%,$(M3_OBJ))

$(M3)/%.o: %.c Makefile tests/size/size.mk
	@echo "CC  $< (Cortex-M3)"
	@mkdir -p $(@D)
	$(Q)arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -I. $(DIALECT) -MMD -MP -c -o $@ $<

-include $(M3_OBJ:.o=.d)

ram: $(B)/tests/size/ram
	@$(QEMU) $<

$(B)/tests/size/ram: $(B)/tests/size/ram.o
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
