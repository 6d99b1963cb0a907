// One publication to all who want it.
//
// A receiver gets a message whole or not at all. Small ones are copied to the receiver's tail
// block; a large one for several receivers is stored once, in a shared chain, and referred to. A
// receiver that has no room makes the publisher wait (DELIVER_STALL, nothing was delivered), once a
// read and for at most stall_ms; after that it is closed as slow.

#ifndef CORE_DELIVER_H
#define CORE_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/match.h"
#include "broker/limits.h"

struct midge;
struct conn;

struct publication {
    const uint8_t *subject;
    uint32_t subject_bytes;
    const uint8_t *reply;
    uint32_t reply_bytes;  // 0: none
    // What follows the sid in the MSG line, as the publisher wrote it: "[reply ]sizes\r\n".
    const uint8_t *rest;
    uint32_t rest_bytes;
    uint32_t header_bytes;  // 0: none
    uint32_t bytes;         // of the payload, headers included, line end not
    bool hpub;
    // Where the payload and its line end lie: in one piece (and without the line end, if
    // `no_line_end`), or in the publisher's own chain of blocks from `offset` on.
    bool no_line_end;
    const uint8_t *payload;
    index_t chain;
    uint32_t chain_blocks;
    uint32_t offset;
};

enum { DELIVER_STALL = -1 };

// Delivers to what the subject was found to match, which still holds. Answers to how many
// subscriptions, or DELIVER_STALL. Takes the chain, if there is one, out of `publisher`'s input
// where it becomes shared, and then sets publication->chain to 0.
int32_t deliver(struct midge *m, struct conn *publisher, struct publication *p,
                struct matched found);

#endif
