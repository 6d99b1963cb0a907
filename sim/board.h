// The limits of the simulator's brokers: one process holds hubs and boards of 64 KB, since the
// effective limits are configuration. Indices are wide, so that the ways of a hub are taken.

#define MIDGE_WIDE
#define MIDGE_CONFIG_HUB 1
#define MIDGE_CONNECTIONS_MAX 80
#define MIDGE_CONNECTIONS_SPARE 4
#define MIDGE_SUBSCRIPTIONS_MAX 1024
#define MIDGE_GROUPS_MAX 512
#define MIDGE_BLOCKS_MAX 1024
#define MIDGE_BLOCK_BYTES 1024
#define MIDGE_MATCH_AHEAD 4
#define MIDGE_TOKENS_MAX 24
#define MIDGE_PAYLOAD_MAX 16384
#define MIDGE_CONTROL_LINE_MAX 1024
#define MIDGE_CLOSED_MAX 8
#define MIDGE_MONITOR_HUB 1
#define MIDGE_TLS 1
#define MIDGE_LOG_BYTES 4096
#define MIDGE_CONFIG_TEXT_BYTES 4096
#define MIDGE_CONFIG_KEYS_MAX 32
#define MIDGE_PERMISSION_SUBJECTS_MAX 64

// Few enough that a client leaves more.
#define REAP_PER_TURN 8

// All that a configuration of the hub may say of who comes in, but hashes of a cost that is too high.
#define MIDGE_NKEYS 1
#define MIDGE_RESPONSES_MAX 1024
#define MIDGE_BCRYPT_COST_MAX 10
