// Who is owed what. A second, naive broker that keeps only accounts.
//
// A client's commands stand in the order book of its cable, each with the place in the stream where
// it ends. When the broker has consumed that place, the command has taken effect, and the ledger
// does the same: who subscribed is on the roster, and a publication becomes a promise to each
// subscription that matches. Promises are kept in the order in which they were made. Of a queue
// group each member gets a promise and shares in a lot: exactly one of them is kept.

#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/subjects.h"

#define ORDERS_MAX 256
#define PROMISES_MAX 16384
#define SIDS_MAX 24
#define QUEUES_MAX 4
#define LOTS_MAX 60000

struct world;
struct site;
struct cable;

enum order_verb {
    ORDER_CONNECT,
    ORDER_SUB,
    ORDER_UNSUB,
    ORDER_PUB,
    ORDER_PING,
    ORDER_OTHER,
};

struct order {
    uint64_t end;  // in the stream
    uint8_t verb;
    uint8_t sid, queue;  // queue: 1 + its number; of a CONNECT, sid is its user
    uint8_t subject;     // or pattern
    uint8_t reply;       // 1 + a subject, 0 for none
    uint8_t header_bytes;
    uint16_t bytes;  // of the payload, the header included
    uint16_t max;    // of an UNSUB, 0 for at once
    uint32_t id;
};

enum promise_kind {
    PROMISE_MESSAGE,
    PROMISE_NOBODY,
    PROMISE_PONG,
    PROMISE_REFUSAL,    // of a subscription, for want of room
    PROMISE_VIOLATION,  // of its rights
};

// What a client is to read next.
struct promise {
    uint32_t id;
    uint8_t kind;
    uint8_t subject, reply, sid;
    uint16_t bytes;
    uint16_t lot;  // 1 + its index, 0 for none
    uint8_t header_bytes;
    bool doubtful;  // may be missing
};

// One message to one member of a group.
struct lot {
    uint16_t holders;  // promises that refer to it
    bool kept;         // by one of them
    bool excused;      // a member left that may have had it
    uint16_t next;
};

struct lots {
    uint16_t free, fresh;
    struct lot lot[LOTS_MAX];
};

struct subscription {
    bool active, doubtful;
    uint8_t pattern, queue;
    uint16_t max;
    uint32_t delivered;
    uint32_t next, prev;  // of the same pattern: 1 + cable * SIDS_MAX + sid
};

struct ledger {
    uint32_t orders_first, orders_count;
    uint32_t promises_first, promises_count;
    uint32_t active;  // subscriptions
    uint64_t published;
    const struct user *user;  // what it may do; NULL for everything
    bool echo, headers, no_responders, verbose;
    bool impostor;  // its password is wrong
    bool closed;    // nothing is owed any more
    bool unsure;    // a report of no responders was doubtful: they cannot be told apart
    struct order orders[ORDERS_MAX];
    struct promise promises[PROMISES_MAX];
    struct subscription subscriptions[SIDS_MAX];
};

// Of one site: its subscriptions by pattern.
struct roster {
    uint32_t head[SUBJECTS_MAX];
    uint64_t active[SUBJECTS_MAX / 64];
};

void ledger_open(struct ledger *l);

// The broker consumed the stream up to c->up.taken.
void ledger_execute(struct world *w, struct cable *c);

// The same, of the application in the broker's process, at once.
void ledger_subscribe(struct world *w, struct cable *c, uint32_t sid, uint32_t pattern,
                      uint32_t queue);
void ledger_unsubscribe(struct world *w, struct cable *c, uint32_t sid);
void ledger_publish(struct world *w, struct cable *c, const struct order *o);

// What its user may do has changed: subscriptions that it may no longer have are gone, and it is
// told.
void ledger_recheck(struct world *w, struct cable *c);

// To how many subscriptions of its site a cable's publication would go, at most.
uint32_t ledger_receivers(struct world *w, const struct cable *c, uint32_t subject);

// Whether it may go to another cable.
bool ledger_reaches(struct world *w, const struct cable *c, uint32_t subject,
                    const struct cable *to);

// Everything that is owed should have come.
void ledger_settle(struct world *w, struct cable *c);

// The broker knows that the cable is gone: it matches nothing any more, and nothing is owed.
void ledger_close(struct world *w, struct cable *c);

// Forgets all promises of a cable that is closed.
void ledger_drop(struct world *w, struct ledger *l);

// A client has read something. NULL, or what is wrong with it.
struct reading {
    enum promise_kind kind;
    const char *subject, *reply;
    uint32_t subject_bytes, reply_bytes, sid;
    const uint8_t *payload;
    uint32_t bytes, header_bytes;
};
const char *ledger_read(struct world *w, struct cable *c, const struct reading *r,
                        struct promise *kept);

// A message's payload, behind its header.
const uint8_t *ledger_filler(const struct world *w, uint32_t id);

#endif
