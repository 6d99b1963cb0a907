# Arm MPS2 with AN385, Cortex-M3 at 25 MHz
CODE_BYTES_MAX := 131072
RAM_BYTES_MAX  := 524288

CPU  := -mcpu=cortex-m3 -mthumb
HAL  := cortex_m console cmsdk_uart cmsdk_dualtimer sp805 lan9118 ethernet nor memory_flash semihost \
        mps2

# The file in build/ keeps the PSRAM, and with it the flash.
FLASH_FILE_BYTES := 16777216
QEMU_MACHINE := mps2-an385,memory-backend=psram \
                -object memory-backend-file,id=psram,size=16M,mem-path=flash.bin,share=on
QEMU_NIC     := lan9118
