# TI EK-LM3S6965, Cortex-M3 at 50 MHz

CPU := -mcpu=cortex-m3 -mthumb
HAL := cortex_m mcuboot console pl011 lm3s6965 lm3s6965_timer sp805 lm3s6965_eth ethernet nor \
       lm3s6965_flash seed chacha20 semihost wall

# QEMU has no flash controller: the image takes a file.
FLASH_FILE := 16K 16K
QEMU := -M lm3s6965evb
NIC  := stellaris

OPENOCD := -f board/ek-lm3s6965.cfg
