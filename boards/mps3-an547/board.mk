# Arm MPS3 with AN547, Cortex-M55 at 32 MHz

# GCC 12 counts loops down wrongly for this core: it drops the test for an odd byte behind the loop of
# lwIP's checksum.
CPU := -mcpu=cortex-m55 -mthumb -mfloat-abi=soft -fno-branch-count-reg
HAL := cortex_m mcuboot console cmsdk_uart sse_timer sp805 lan9118 ethernet nor memory_flash \
       seed chacha20 semihost wall mps2

# QEMU keeps the DDR memory, and with it the flash, in a file, of which little is ever written.
FLASH_FILE := 1M 2G
QEMU := -M mps3-an547,memory-backend=ddr \
        -object memory-backend-file,id=ddr,size=2G,mem-path=flash.bin,share=on
NIC  := lan9118
