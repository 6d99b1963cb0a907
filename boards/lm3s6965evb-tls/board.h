// TI EK-LM3S6965 with TLS: one client, which sends records of at most 2 KB, in 160 KB of flash.

// Limits: one client of 24 subscriptions, beside monitoring and the application.
#define MIDGE_ADDRESS_BYTES 4
#define MIDGE_TRACE 0
#define MIDGE_CONNECTIONS_MAX 4
#define MIDGE_CONNECTIONS_SPARE 3
#define MIDGE_SUBSCRIPTIONS_MAX 32
#define MIDGE_NODES_MAX 48
#define MIDGE_TEXTS_MAX 48
#define MIDGE_GROUPS_MAX 8
#define MIDGE_BLOCKS_MAX 24
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

// TLS. Without a clock no client's certificate could be told to be valid; and of the ciphers there
// is the one that all clients have.
#define MIDGE_TLS_VERIFY 0
#define MIDGE_TLS_CHACHA 0
#define MIDGE_TLS_MAX 1
#define MIDGE_TLS_IN_BYTES 2048
#define MIDGE_TLS_OUT_BYTES 2048
#define MIDGE_TLS_NUMBERS_BYTES 4096
#define MIDGE_TLS_SET_BYTES 4096

// Flash and RAM for the text of a configuration, and for what the device is known by.
#define SETTINGS_SLOT_BYTES 2048
#define IDENTITY_BYTES 2048

// What the broker may take of the 64 KB: lwIP, TLS and the stacks need the rest.
#define BOARD_BROKER_BYTES_MAX 16384

#include "../lm3s6965evb/chip.h"
