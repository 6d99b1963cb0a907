// A board. Limits over the defaults of broker/limits.h, which says what each costs; then where the
// chip's registers lie, for the files of hal/ that board.mk names: each says which HAL_ it takes.

#define MIDGE_CONNECTIONS_MAX 8
#define MIDGE_SUBSCRIPTIONS_MAX 64
#define MIDGE_BLOCKS_MAX 40

// The address that it takes where no DHCP server answers within 10 s; without these lines, none. It
// never asks for another with BOARD_DHCP false.
#define BOARD_ADDRESS 192, 168, 1, 2
#define BOARD_MASK 255, 255, 255, 0
#define BOARD_GATEWAY 192, 168, 1, 1

#define HAL_CODE 0x00000000u
#define HAL_CODE_BYTES 0x40000u  // a power of two
#define HAL_INTERRUPTS 64
#define HAL_WATCHDOG_EXCEPTION 2
#define HAL_FLASH 0x3C000u
#define HAL_FLASH_BYTES 0
#define HAL_FLASH_SECTOR_BYTES 4096
#define HAL_FLASH_PROGRAM_BYTES 16
