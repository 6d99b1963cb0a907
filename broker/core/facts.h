// What monitoring shows of a connection: taken from it while it is open, and kept in a ring when it
// has ended. The ring holds the last MIDGE_CLOSED_MAX clients, or fewer where the configuration has
// it so; the texts that a client told of itself stay interned for so long.

// Outside the guard: broker.h ends by including this header, and must come first.
#include "broker/broker.h"

#ifndef CORE_FACTS_H
#define CORE_FACTS_H

struct midge;
struct conn;

struct facts {
    uint64_t cid;
    uint64_t started_us, active_us;
    uint64_t stopped_us;  // 0 while it is open
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes;
    uint32_t rtt_us, stalls, pending_bytes, subs_count;
    index_t name, lang, version, login;  // texts
    struct midge_peer peer;
    uint8_t reason;  // 0 while it is open
};

// Items to ask about: slots of open connections, and of the ring behind them.
#define FACTS_CLOSED (MIDGE_CONNECTIONS_MAX + 1)
#define FACTS_END (FACTS_CLOSED + MIDGE_CLOSED_MAX + 1)

// The facts of an item, false where it is no client.
bool facts_of(const struct midge *m, uint32_t item, struct facts *facts);

// Those of a client by its cid, open or ended, whose item is likely that one.
bool facts_find(const struct midge *m, uint64_t cid, uint32_t item, struct facts *facts);

// How many clients that have ended are remembered.
uint32_t facts_closed(const struct midge *m);

// Remembers a client that has ended; its texts pass over to the ring.
void facts_keep(struct midge *m, struct conn *c);

#endif
