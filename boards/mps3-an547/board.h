// Arm's FPGA board MPS3 with the image AN547: Cortex-M55 at 32 MHz in subsystem SSE-300, Ethernet
// LAN9220.

// Limits: 64 clients, beside monitoring and the application.
#define MIDGE_IPV6 1
#define MIDGE_MDNS 1
#define MIDGE_CLOCK 1
#define MIDGE_MONITOR_HUB 1
#define MIDGE_CONNECTIONS_MAX 67
#define MIDGE_CONNECTIONS_SPARE 3
#define MIDGE_SUBSCRIPTIONS_MAX 1024
#define MIDGE_GROUPS_MAX 128
#define MIDGE_BLOCKS_MAX 1024
#define MIDGE_CONTROL_LINE_MAX 4096
#define MIDGE_CACHE_ENTRIES 256
#define MIDGE_LOG_BYTES 8192
#define MIDGE_PAYLOAD_MAX 65536

// The chip (AN547, memory map and interrupts). The program runs in secure state.
#define HAL_CODE 0x00000000u
#define HAL_CODE_BYTES 0x80000u
#define HAL_INTERRUPTS 96
#define HAL_COUNTER 0x58100000u
#define HAL_TIMER 0x48000000u
#define HAL_TIMER_MHZ 32
#define HAL_TIMER_IRQ 3
#define HAL_UART 0x49303000u
#define HAL_UART_HZ 32000000
#define HAL_UART_RX_IRQ 33
#define HAL_UART_TX_IRQ 34
#define HAL_WATCHDOG_BASE 0x5802E000u
#define HAL_WATCHDOG_KHZ 32  // 32,768 Hz
#define HAL_WATCHDOG_EXCEPTION 2
#define HAL_ETHERNET 0x41400000u
#define HAL_ETHERNET_IRQ 49

// Flash: the first MB of the board's DDR memory.
#define HAL_FLASH 0x60000000u
#define HAL_FLASH_BYTES 0x100000
#define HAL_FLASH_SECTOR_BYTES 4096
#define HAL_FLASH_PROGRAM_BYTES 16
