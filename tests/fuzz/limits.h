// A broker so small that a few hundred bytes of input fill its pools.

#define MIDGE_CONNECTIONS_MAX 8
#define MIDGE_SUBSCRIPTIONS_MAX 24
#define MIDGE_NODES_MAX 32
#define MIDGE_GROUPS_MAX 4
#define MIDGE_TEXTS_MAX 48
#define MIDGE_BLOCKS_MAX 512
#define MIDGE_BLOCK_BYTES 256
#define MIDGE_CONTROL_LINE_MAX 1024
// As the hub does: several matches at once, links with tags.
#define MIDGE_WIDE
#define MIDGE_MATCH_AHEAD 4
// And all that a configuration can hold there, and that monitoring tells.
#define MIDGE_CONFIG_HUB 1
#define MIDGE_MONITOR_HUB 1
// TLS, of which tls.c fuzzes what Mbed TLS makes of a peer.
#define MIDGE_TLS 1
#define MIDGE_TLS_HUB 1
#define MIDGE_TLS_MAX 2
#define MIDGE_TLS_NUMBERS_BYTES 65536
#define MIDGE_TLS_SET_BYTES 65536
#define MIDGE_TLS_HANDSHAKES 2
// All ways to come in.
#define MIDGE_NKEYS 1
#define MIDGE_RESPONSES_MAX 8
#define MIDGE_BCRYPT_COST_MAX 4
#define MIDGE_BCRYPT_SLICE 100000
#define MIDGE_OFFENDERS_MAX 4
