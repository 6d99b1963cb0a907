// The limits of a chip with 64 KB of RAM, so that what is tested here is what runs there: 12
// clients, a monitor, the application, and one to tell a client that it is one too many.

#define MIDGE_CONNECTIONS_MAX 15
#define MIDGE_CONNECTIONS_SPARE 3

// And one with megabytes.
#ifdef LARGE
#define MIDGE_MONITOR_HUB 1
#define MIDGE_IPV6 1
#define MIDGE_MDNS 1
#define MIDGE_TCP_MSS 1440
#define MIDGE_BLOCKS_MAX 256
#define MIDGE_BLOCK_BYTES 1024
#endif
