#include "sim/check.h"

#include <string.h>

static uint32_t min(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

// The free list of a pool, by the links in its entries.
static bool free_list_is_sound(const struct pool *p, const void *entries, size_t entry_bytes) {
    uint32_t n = 0;
    index_t i = p->free;
    for (; i != 0 && n <= p->fresh; n++)
        memcpy(&i, (const char *)entries + i * entry_bytes, sizeof i);
    return n == (uint32_t)(p->fresh - p->used) && p->used <= p->limit && p->used <= p->high;
}

const char *check_broker(struct midge *m) {
    uint32_t reserved = 0, held = 0, subs = 0;
#define X(name, type, max)                                                       \
    if (!free_list_is_sound(&m->pools[POOL_##name], m->name, sizeof m->name[0])) \
        return "the free list of " #name;
    MIDGE_POOLS(X)
#undef X
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        if (c->cid == 0)
            continue;
        subs += c->subs_count;
        if (c->flags & CONN_GONE)
            continue;
        reserved += MIDGE_BLOCKS_GUARANTEED - min(c->blocks, MIDGE_BLOCKS_GUARANTEED);
        held += c->blocks;
        uint32_t bytes = 0;
        struct midge_span span;
        while (outq_spans(m, c, bytes, &span, 1) > 0)
            bytes += span.n;
        if (bytes != c->out.bytes)
            return "the bytes of an output queue";
    }
    const struct pool *blocks = &m->pools[POOL_blocks];
    if (reserved != m->blocks_reserved)
        return "the blocks reserved";
    if (held > blocks->used || blocks->used + reserved > blocks->limit)
        return "the blocks held";
    if (subs != m->pools[POOL_subscriptions].used || subs != m->sid_table.entries)
        return "the number of subscriptions";
    return NULL;
}
