# The same sources for other machines: the hub and the unit tests for four architectures and
# 32-bit x86, under QEMU; and broker/ for Cortex-M3 with the default limits, where the text of
# broker/core has a budget.

SUITES += cross

CROSSES     := aarch64-linux-gnu arm-linux-gnueabihf riscv64-linux-gnu mipsel-linux-gnu \
               i686-linux-gnu
M3          := build/cortex-m3
M3_CC       := arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -ffunction-sections
M3_OBJ      := $(patsubst %.c,$(M3)/%.o,$(wildcard broker/*.c broker/*/*.c))
M3_CORE_MAX := 32768

cross: cortex-m3
	@tests/cross/run $(M3) $(M3_CORE_MAX) $(CROSSES)

cortex-m3: $(M3_OBJ)
.PHONY: cortex-m3

$(M3)/%.o: %.c Makefile tests/cross/cross.mk
	@echo "CC  $< (cortex-m3)"
	@mkdir -p $(@D)
	$(Q)$(M3_CC) -I. $(DIALECT) -MMD -MP -c -o $@ $<

-include $(M3_OBJ:.o=.d)
