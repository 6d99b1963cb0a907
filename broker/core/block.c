#include "broker/core/block.h"

#include "broker/core/midge.h"

static uint32_t guarantee_left(uint32_t held) {
    return held < MIDGE_BLOCKS_GUARANTEED ? MIDGE_BLOCKS_GUARANTEED - held : 0;
}

uint32_t block_common(const struct midge *m) {
    const struct pool *p = &m->pools[POOL_blocks];
    return (uint32_t)(p->limit - p->used) - m->blocks_reserved;
}

uint32_t block_available(const struct midge *m, const struct conn *c) {
    return block_common(m) + guarantee_left(c->blocks);
}

index_t block_take(struct midge *m, struct conn *c) {
    bool guaranteed = c->blocks < MIDGE_BLOCKS_GUARANTEED;
    if (!guaranteed && block_common(m) == 0)
        return 0;
    index_t b = POOL_TAKE(m, blocks);
    if (b == 0)
        return 0;
    if (guaranteed)
        m->blocks_reserved--;
    c->blocks++;
    m->blocks[b].next = 0;
    m->blocks[b].fill = 0;
    return b;
}

void block_give(struct midge *m, struct conn *c, index_t b) {
    MIDGE_ASSERT(c->blocks > 0);
    POOL_GIVE(m, blocks, b);
    if (--c->blocks < MIDGE_BLOCKS_GUARANTEED)
        m->blocks_reserved++;
}

bool block_share(struct midge *m, struct conn *c, index_t chain, uint32_t n) {
    MIDGE_ASSERT(c->blocks >= n);
    uint32_t more = guarantee_left(c->blocks - n) - guarantee_left(c->blocks);
    if (block_common(m) < more)
        return false;
    m->blocks_reserved += more;
    c->blocks -= n;
    m->blocks[chain].refs = 0;
    return true;
}

void block_unref(struct midge *m, index_t chain) {
    MIDGE_ASSERT(m->blocks[chain].refs > 0);
    if (--m->blocks[chain].refs > 0)
        return;
    while (chain != 0) {
        index_t next = m->blocks[chain].next;
        POOL_GIVE(m, blocks, chain);
        chain = next;
    }
}
