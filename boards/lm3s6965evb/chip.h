// What this board's profiles share: its chip (the data sheet), and where in flash its data lies.

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
