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

#include "chip.h"
