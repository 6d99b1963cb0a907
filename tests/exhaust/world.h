// A broker with clients around it, without sockets or a clock: what a port does, in a few lines, so
// that a test can drive it to its limits and look inside.

#ifndef EXHAUST_WORLD_H
#define EXHAUST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

#define PEERS 6

// The other end of a connection.
struct peer {
    midge_conn conn;  // MIDGE_NONE: none
    bool deaf;        // takes nothing of what is sent to it
    bool paused;      // the broker had no room for its input
    bool cut;         // it was closed without all of its output
    uint32_t stash_bytes;
    uint32_t got_bytes;
    uint8_t stash[16384];  // input that the broker did not consume
    uint8_t got[65536];    // all that was sent to it
};

struct world {
    struct midge m;
    struct midge_config config;
    struct midge_now now;
    struct peer peers[PEERS];
    uint32_t handled;  // messages of the application's handler
};

// Starts over. False where the broker did not start.
bool world_start(struct world *w, uint32_t blocks);

void world_open(struct world *w, uint32_t peer, enum midge_kind kind);
void world_say(struct world *w, uint32_t peer, const char *bytes, uint32_t n);
void world_close(struct world *w, uint32_t peer);

// Lets time pass, and does what the broker wants meanwhile.
void world_pass(struct world *w, uint32_t ms);

// What is wrong with what a peer got: every message must be whole.
const char *world_garbled(const struct peer *p);

#endif
