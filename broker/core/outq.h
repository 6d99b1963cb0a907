// What waits to be sent to one connection: a chain of blocks that hold runs.
//
// A run is a 2-byte length and so many bytes, or a reference to a stretch of a shared chain (a
// large payload that is stored once for all its receivers). The last run of a block may be open:
// its length is 0 and it ends where the block's bytes end, so appending to it is a copy and an
// addition. Nothing is copied on the way out: outq_spans points into the blocks.
//
// Costs no block while empty. Bounded by the connection's share of blocks.

#ifndef CORE_OUTQ_H
#define CORE_OUTQ_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "broker/core/block.h"
#include "broker/limits.h"

struct midge;
struct conn;
struct midge_span;

struct outq {
    index_t head;    // first block, 0 while empty
    index_t tail;    // last block
    uint16_t fill;   // bytes in use of the tail
    uint16_t open;   // where the open run begins in the tail, OUTQ_CLOSED if none does
    uint16_t at;     // where the first unsent run begins in the head
    uint32_t done;   // bytes of that run that were sent
    uint32_t bytes;  // unsent bytes, references included
};

#define OUTQ_CLOSED 0xffff
#define OUTQ_RUN_BYTES 2  // a literal run's header
#define OUTQ_REF_BYTES (OUTQ_RUN_BYTES + sizeof(index_t) + 2 * sizeof(uint32_t))

// How many blocks more an append of n bytes and of refs references would take.
uint32_t outq_blocks_for(const struct midge *m, const struct conn *c, uint32_t n, uint32_t refs);

// The place for n > 0 bytes in one piece in the tail block; NULL where it has no room for them.
// Whoever fills it calls outq_advance.
static inline uint8_t *outq_place(const struct outq *q, struct block *blocks, uint32_t block_room,
                                  uint32_t n) {
    if (q->open == OUTQ_CLOSED || q->tail == 0 || n > block_room - q->fill)
        return NULL;
    return blocks[q->tail].bytes + q->fill;
}

// Takes a block for an empty queue, where there is one, so that outq_place may have room.
bool outq_begin(struct midge *m, struct conn *c);

static inline void outq_advance(struct outq *q, uint32_t n) {
    q->fill = (uint16_t)(q->fill + n);
    q->bytes += n;
}

// Appends bytes. False, with the queue unchanged, where blocks are lacking.
bool outq_append(struct midge *m, struct conn *c, const void *bytes, uint32_t n);

// Appends an interned text; likewise.
bool outq_append_text(struct midge *m, struct conn *c, index_t text);

// Appends a reference to n bytes of a shared chain from offset on, and counts it on the chain.
bool outq_refer(struct midge *m, struct conn *c, index_t chain, uint32_t offset, uint32_t n);

// Fills up to max spans from the byte `skip` on; answers how many.
uint32_t outq_spans(const struct midge *m, const struct conn *c, uint32_t skip,
                    struct midge_span *v, uint32_t max);

// The first n bytes were sent; frees what they alone held.
void outq_sent(struct midge *m, struct conn *c, uint32_t n);

void outq_clear(struct midge *m, struct conn *c);

#endif
