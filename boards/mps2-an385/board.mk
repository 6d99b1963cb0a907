# Arm MPS2 with AN385, Cortex-M3 at 25 MHz

CPU := -mcpu=cortex-m3 -mthumb
HAL := cortex_m mcuboot console cmsdk_uart cmsdk_dualtimer sp805 lan9118 ethernet nor memory_flash \
       seed chacha20 semihost wall mps2

# What NKeys take of libsodium.
NKEYS := 1

# TLS; without it, make BOARD=mps2-an385 TLS=.
TLS := 1

# QEMU keeps the PSRAM, and with it the flash, in a file.
FLASH_FILE := 1M 16M
QEMU := -M mps2-an385,memory-backend=psram \
        -object memory-backend-file,id=psram,size=16M,mem-path=flash.bin,share=on
NIC  := lan9118
