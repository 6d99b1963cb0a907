// Pools: fixed arrays whose entries are taken and given back by index.
//
// A pool recycles the entry given back last, and takes a fresh one only when there is none such:
// the touched part of an array follows the largest population that it ever had. Index 0 is "none";
// entries are 1..limit. A free entry's first bytes link the free list. One list below yields the
// storage, the high-water marks, the RAM table and /varz.

#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "broker/limits.h"

// X(name, entry type, maximum): one row a pool, in the order in which struct midge holds them.
#define MIDGE_POOLS(X)                                    \
    X(connections, struct conn, MIDGE_CONNECTIONS_MAX)    \
    X(subscriptions, struct sub, MIDGE_SUBSCRIPTIONS_MAX) \
    X(nodes, struct node, MIDGE_NODES_MAX)                \
    X(groups, struct group, MIDGE_GROUPS_MAX)             \
    X(texts, struct text, MIDGE_TEXTS_MAX)                \
    X(blocks, struct block, MIDGE_BLOCKS_MAX)

enum pool_id {
#define X(name, type, max) POOL_##name,
    MIDGE_POOLS(X)
#undef X
        POOL_COUNT
};

struct pool {
    index_t free;   // head of the list of entries given back
    index_t fresh;  // entries 1..fresh were taken at least once
    index_t limit;  // effective limit, at most the array's size
    index_t used;
    index_t high;  // most ever used at once
#ifdef MIDGE_FAULTS
    uint32_t fail_in;  // tests: the n-th take from now fails; 0 never
#endif
};

// Takes an entry of the array at `entries`; 0 where the pool is full. It is not cleared.
index_t pool_take(struct pool *p, void *entries, size_t entry_bytes);

// Gives entry i back.
void pool_give(struct pool *p, void *entries, size_t entry_bytes, index_t i);

// The pool `name` of broker m.
#define POOL_TAKE(m, name) pool_take(&(m)->pools[POOL_##name], (m)->name, sizeof(m)->name[0])
#define POOL_GIVE(m, name, i) pool_give(&(m)->pools[POOL_##name], (m)->name, sizeof(m)->name[0], i)

#endif
