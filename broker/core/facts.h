// What monitoring shows of a client. It lies in its connection while that is open, and is kept in a
// ring when it has ended: the last MIDGE_CLOSED_MAX clients, or fewer where the configuration has
// it so. The texts that a client told of itself stay interned for so long.

// Outside the guard: broker.h ends by including this header, and must come first.
#include "broker/broker.h"

#ifndef CORE_FACTS_H
#define CORE_FACTS_H

struct midge;
struct conn;

// The members of struct facts, which struct conn has among its own:
//   active_us      last message or command in
//   delivered_us   last message out; of a client that has ended, when it did
//   name ... login texts from CONNECT, `login` the user that it named
//   tls_version    0 without TLS, else the lower byte of its number
#if MIDGE_TLS
#define FACTS_TLS        \
    uint8_t tls_version; \
    bool tls_first;      \
    uint16_t tls_cipher;
#else
#define FACTS_TLS
#endif

#define FACTS_MEMBERS                                \
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes; \
    uint64_t delivered_us, active_us, started_us;    \
    uint64_t cid;                                    \
    uint32_t rtt_us, stalls;                         \
    index_t subs_count;                              \
    index_t name, lang, version, login;              \
    FACTS_TLS                                        \
    struct midge_peer peer;

struct facts {
    FACTS_MEMBERS
};

// Of a client that has ended.
struct ended {
    struct facts facts;
    uint32_t pending_bytes;
    uint8_t reason;
};

// What is told of an item.
struct told {
    const struct facts *facts;
    uint64_t active_us;
    uint64_t stopped_us;  // 0 while it is open
    uint32_t pending_bytes;
    uint8_t reason;  // 0 while it is open
};

// Items to ask about: slots of open connections, and of the ring behind them.
#define FACTS_CLOSED (MIDGE_CONNECTIONS_MAX + 1)
#define FACTS_END (FACTS_CLOSED + MIDGE_CLOSED_MAX + 1)

// Tells of an item, or answers false where it is no client.
bool facts_of(const struct midge *m, uint32_t item, struct told *told);

// Tells of a client by its cid, open or ended, whose item is likely that one.
bool facts_find(const struct midge *m, uint64_t cid, uint32_t item, struct told *told);

// How many clients that have ended are remembered.
uint32_t facts_closed(const struct midge *m);

// Remembers a client that has ended; its texts pass over to the ring.
void facts_keep(struct midge *m, struct conn *c);

#endif
