// What must hold between a broker and those around it: whoever is healthy is served, nobody is cut
// off without a reason, and nothing that the broker wants is forgotten.

#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct world;
struct site;
struct cable;
struct conn;
struct midge;

// What connections have sent and received.
struct tally {
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes, stalls;
};
void tally_add(struct tally *t, const struct conn *conn);

// How many subscriptions of those who are gone the next turn removes.
uint32_t watch_reaping(const struct midge *m);

// Once a turn of a site has begun: what time has brought about.
void watch_turn(struct world *w, struct site *s);

// After each turn of a site: what costs little always, the rest now and then.
void watch_site(struct world *w, struct site *s);

// The broker wants a cable closed, without what is queued if `abort`: it must have a reason that
// its client gave.
void watch_closing(struct world *w, struct site *s, struct cable *c, bool abort);

// A connection was opened, turned away or refused: only for want of room may it be one of the
// latter.
void watch_opened(struct world *w, struct site *s, const struct cable *c);

#endif
