// The whole state of one broker. Private: only broker/ reads the members; broker.h includes this so
// that a board can allocate it statically.

#ifndef CORE_MIDGE_H
#define CORE_MIDGE_H

#include "broker/broker.h"
#include "broker/core/block.h"
#include "broker/core/conn.h"
#include "broker/core/facts.h"
#include "broker/core/judge.h"
#include "broker/core/log.h"
#include "broker/core/match.h"
#include "broker/core/outq.h"
#include "broker/core/pool.h"
#include "broker/core/response.h"
#include "broker/core/subs.h"
#include "broker/core/table.h"
#include "broker/core/text.h"
#include "broker/core/timer.h"

// A bug, in release builds too. Operating conditions and peers' mistakes are answered otherwise.
#define MIDGE_ASSERT(condition)              \
    do {                                     \
        if (!(condition))                    \
            midge_panic(__FILE__, __LINE__); \
    } while (0)

// What differs between kinds of connections. broker.c has the one constant table, so that core
// includes nobody above it.
struct kind {
    // Consumes input as midge_rx does.
    uint32_t (*rx)(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n);
    // The connection's timer fired: do what is due, and set it again.
    void (*tick)(struct midge *m, struct conn *c);
    // Its output was sent; NULL where nobody waits for that.
    void (*drained)(struct midge *m, struct conn *c);
};

struct credentials;

// Whether a client may come in.
enum admission {
    REFUSED,
    ADMITTED,
    UNDECIDED,  // CONN_JUDGING: the same is asked again once it is no more
};

struct rooms {
    struct kind kinds[MIDGE_KINDS];
    // Whether a CONNECT with credentials is required.
    bool (*auth_required)(const struct midge *m);
#if MIDGE_NKEYS
    // Whether a client is given a nonce to sign.
    bool (*nonce_required)(const struct midge *m);
#endif
#if MIDGE_TLS
    // The user that a peer's certificate names: 1 + its index, 0 for none.
    uint16_t (*identify)(const struct midge *m, const struct midge_tls *tls);
#endif
    // Admits a connection, setting its user and permissions, or refuses.
    enum admission (*authenticate)(struct midge *m, struct conn *c,
                                   const struct credentials *given);
};

#if MIDGE_MONITOR_HUB
// Connections chosen for /connz, in their order. It serves one request at a time.
#define BATCH_MAX (MIDGE_CONNECTIONS_MAX < 64 ? 8 : 64)

struct batch {
    midge_conn holder;
    uint32_t count, taken;
    struct choice {
        uint64_t key, cid;
        uint32_t item;
    } choices[BATCH_MAX];
};
#endif

struct handler {
    midge_handler call;
    void *context;
    int32_t id;  // 0: free
    index_t sub;
};

struct midge {
    const struct midge_config *config;
    const struct rooms *rooms;
    struct midge_now now;
    struct midge_host host;

    uint32_t seed;  // of hashes
    uint32_t random[2];
    uint32_t generation;  // of the subject table's nodes
    uint32_t cache_last;  // the entry that served last

    struct pool pools[POOL_COUNT];
    struct table text_table, node_table, sid_table;
    struct wheel wheel;
    struct list lists[LIST_COUNT];
    uint16_t turn;   // which of those stalled was resumed, and has not tried again yet
    uint16_t tried;  // the last of those stalled that did so in vain, and keep their place
    uint16_t reap;   // first connection whose subscriptions are being reaped
    index_t root;    // of the one account

    uint32_t block_room;       // bytes that a block holds
    uint32_t blocks_reserved;  // guarantees not used up
    uint32_t blocks_ample;     // common blocks above which no receiver need be asked for room
    uint32_t crowd_bytes;      // output above which publishers wait for a receiver
    uint32_t crowded;          // connections above it
    uint32_t open[MIDGE_KINDS];

    // Counters for monitoring.
    uint64_t last_cid;
    uint64_t total_connections;
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes;  // of connections of clients, ended ones too
    uint64_t slow_consumers, stale_connections, stalls;
    uint64_t subs_inserted, subs_removed, matches, cache_hits, probes;
    uint64_t started_us, started_wall_us;
    uint64_t http_requests[HTTP_COUNTERS];

#if MIDGE_TLS
    uint32_t handshakes, handshakes_ms;  // in the second that began then
#endif

    bool lame_duck, lame_duck_closing;
#if MIDGE_TLS
    uint32_t expiry_ms;  // when it is looked again how long certificates have
#endif
    uint32_t lame_duck_ms;       // when the next client is closed
    uint32_t lame_duck_step_ms;  // between two
    uint32_t lame_duck_next;     // where to look for it

    char id[57];           // the server's public key, as text
    uint16_t local;        // the application's connection, 0 before its first use
    int32_t last_handler;  // its id
    struct handler handlers[MIDGE_HANDLERS_MAX];

    // The pools, by pointer: they lie at the end, too far for an offset in an instruction.
#define X(name, type, max) type *name;
    MIDGE_POOLS(X)
#undef X

    struct ended closed[MIDGE_CLOSED_MAX + 1];  // a ring of clients that have ended
    uint32_t closed_next, closed_count;

#if MIDGE_MONITOR_HUB
    struct batch batch;
#endif
    uint64_t wall_offset_us;   // from the monotonic clock to that of monitoring
    uint64_t monitor_turn_us;  // the turn in which monitoring worked last
    uint32_t monitor_steps;    // and how much it did

    struct log log;
    uint8_t line[MIDGE_CONTROL_LINE_MAX + 16];  // a control line gathered from blocks, or composed
    uint8_t rest[MIDGE_CONTROL_LINE_MAX + 16];  // of a publication, where it must be put together
    struct match match;
    struct cache_tag cache_tags[MIDGE_CACHE_ENTRIES];
    struct cached cache[MIDGE_CACHE_ENTRIES];

#if MIDGE_RESPONSES_MAX > 0
    struct response responses[MIDGE_RESPONSES_MAX];
#endif
#if MIDGE_BCRYPT_COST_MAX > 0
    midge_conn judged;  // whose turn it is
    bool hashing;       // its password, in:
    struct bcrypt bcrypt;
#endif
#if MIDGE_OFFENDERS_MAX > 0
    struct offender offenders[MIDGE_OFFENDERS_MAX];
#endif

    index_t text_heads[MIDGE_TEXTS_MAX];
    index_t node_heads[MIDGE_NODES_MAX * NODE_BUCKETS];
    index_t sid_heads[MIDGE_SUBSCRIPTIONS_MAX];
#define X(name, type, max) type name##_store[(max) + 1];
    MIDGE_POOLS(X)
#undef X
};

// Whether the wire is logged.
static inline bool tracing(const struct midge *m) {
    return MIDGE_TRACE && m->config->trace;
}

// Whether what becomes of clients is logged.
static inline bool debugging(const struct midge *m) {
    return MIDGE_TRACE && m->config->debug;
}

// Uniform in 0..n-1, n > 0. Not for secrets.
uint32_t random_below(struct midge *m, uint32_t n);

// Whether a client is connected that was let in, for a board that tries a configuration out. Here,
// so that it takes nothing where nobody asks.
static inline bool midge_has_admitted(const struct midge *m) {
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        bool admitted = (c->flags & (CONN_ADMITTED | CONN_CLOSING | CONN_GONE)) == CONN_ADMITTED;
        if (c->cid != 0 && c->kind == MIDGE_CLIENT && admitted)
            return true;
    }
    return false;
}

#endif
