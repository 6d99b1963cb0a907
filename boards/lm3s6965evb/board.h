// Texas Instruments' kit EK-LM3S6965: Cortex-M3 at 50 MHz, 256 KB of flash, 64 KB of RAM, Ethernet
// on the chip.

// Limits: 12 clients of 8 subscriptions, beside monitoring and the application.
#define MIDGE_ADDRESS_BYTES 4
#define MIDGE_TRACE 0
#define MIDGE_CONNECTIONS_MAX 15
#define MIDGE_CONNECTIONS_SPARE 3
#define MIDGE_SUBSCRIPTIONS_MAX 104
#define MIDGE_NODES_MAX 120
#define MIDGE_TEXTS_MAX 116
#define MIDGE_GROUPS_MAX 8
#define MIDGE_BLOCKS_MAX 38
#define MIDGE_TOKENS_MAX 8
#define MIDGE_CONTROL_LINE_MAX 512
#define MIDGE_CACHE_ENTRIES 8
#define MIDGE_CACHE_SUBJECT_BYTES 32
#define MIDGE_LOG_BYTES 512
#define MIDGE_CONFIG_TEXT_BYTES 384
#define MIDGE_PERMISSIONS_MAX 4
#define MIDGE_PERMISSION_SUBJECTS_MAX 16
#define MIDGE_HANDLERS_MAX 4
#define MIDGE_PAYLOAD_MAX 1536

// Flash and RAM for the text of a configuration.
#define SETTINGS_SLOT_BYTES 2048

// What the broker may take of the 64 KB: lwIP and the stacks need the rest.
#define BOARD_BROKER_BYTES_MAX 28672

// The chip (its data sheet).
#define HAL_CODE 0x00000000u
#define HAL_CODE_BYTES 0x40000u
#define HAL_INTERRUPTS 44
#define HAL_SYSTICK lm3s6965_tick
#define HAL_TIMER 0x40030000u
#define HAL_TIMER_MHZ 50
#define HAL_TIMER_IRQ 19
#define HAL_UART 0x4000C000u
#define HAL_UART_HZ 50000000
#define HAL_UART_IRQ 5
#define HAL_WATCHDOG_BASE 0x40000000u
#define HAL_WATCHDOG_KHZ 50000
#define HAL_WATCHDOG_EXCEPTION (16 + 18)
#define HAL_ETHERNET 0x40048000u
#define HAL_ETHERNET_IRQ 42

// Flash: its last 16 KB, behind the image.
#define HAL_FLASH 0x3C000u
#define HAL_FLASH_BYTES 0x4000
#define HAL_FLASH_SECTOR_BYTES 1024
#define HAL_FLASH_PROGRAM_BYTES 4
