// Blocks: the only store for bytes on their way, in one pool, charged to connections.
//
// Every open connection is guaranteed MIDGE_BLOCKS_GUARANTEED blocks. The pool keeps count of the
// guarantees not yet used up (blocks_reserved); what lies above is common, first come first served.
// A connection below its guarantee therefore always gets a block. A chain of blocks that holds one
// large payload can be shared by many receivers: it is then charged to nobody and counted by
// references on its first block; sharing draws on the common part only.
//
// Invariant: free blocks >= blocks_reserved.

#ifndef CORE_BLOCK_H
#define CORE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

struct midge;
struct conn;

#define BLOCK_HEADER_BYTES (2 * sizeof(index_t) + sizeof(uint16_t))

struct block {
    index_t next;   // in its chain
    index_t refs;   // on the first block of a shared chain: its receivers
    uint16_t fill;  // bytes in use, kept up to date once another block follows
    uint8_t bytes[MIDGE_BLOCK_BYTES - BLOCK_HEADER_BYTES];
};

_Static_assert(sizeof(struct block) == MIDGE_BLOCK_BYTES, "a block has no padding");

// Blocks that anyone may take: free and not reserved by a guarantee.
uint32_t block_common(const struct midge *m);

// How many blocks connection c could take now.
uint32_t block_available(const struct midge *m, const struct conn *c);

// Takes one block for c; 0 where its guarantee is used up and the common part is empty.
index_t block_take(struct midge *m, struct conn *c);

// Gives one block of c back.
void block_give(struct midge *m, struct conn *c, index_t b);

// Moves a chain of n blocks from c's charge to the common part, with no reference yet. False, and
// nothing changed, where the common part cannot bear it.
bool block_share(struct midge *m, struct conn *c, index_t chain, uint32_t n);

// Drops one reference of a shared chain; frees it with the last.
void block_unref(struct midge *m, index_t chain);

#endif
