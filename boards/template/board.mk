# Maker and name, core and clock

CPU := -mcpu=cortex-m3 -mthumb
HAL := cortex_m mcuboot console nor wall template

# Where QEMU has the board:
# FLASH_FILE := erased bytes, and the size of the file that holds them
# QEMU       := -M its name
# NIC        := its network card

# Where OpenOCD has it:
# OPENOCD := -f board/its.cfg
