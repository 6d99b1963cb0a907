# TI EK-LM3S6965, Cortex-M3 at 50 MHz
CODE_BYTES_MAX := 131072
RAM_BYTES_MAX  := 65536

CPU  := -mcpu=cortex-m3 -mthumb
HAL  := cortex_m console pl011 lm3s6965 lm3s6965_timer sp805 lm3s6965_eth ethernet nor \
        lm3s6965_flash semihost

FLASH_FILE_BYTES := 16384
QEMU_MACHINE := lm3s6965evb
QEMU_NIC     := stellaris
OPENOCD      := board/ek-lm3s6965.cfg
