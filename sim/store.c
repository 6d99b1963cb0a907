#include "sim/store.h"

#include <string.h>

// Beside the queues themselves, which outq.c writes: of each block, the references that were found
// to the chain that begins there.
static uint16_t found[MIDGE_BLOCKS_MAX + 1];

struct walk {
    const struct midge *m;
    const struct outq *q;
    uint32_t blocks, bytes;  // of the queue so far
    bool by_ref;             // the last run is a reference
};

static uint32_t chain_length(const struct midge *m, index_t b) {
    uint32_t n = 0;
    for (; b != 0 && n <= MIDGE_BLOCKS_MAX; n++)
        b = m->blocks[b].next;
    return n;
}

// The bytes of a block of a queue from `at` on; false where its runs do not end where it does.
static bool read_block(struct walk *w, index_t b, uint32_t at) {
    const struct block *block = &w->m->blocks[b];
    uint32_t fill = b == w->q->tail ? w->q->fill : block->fill;
    while (at < fill) {
        uint16_t head;
        memcpy(&head, block->bytes + at, sizeof head);
        bool open = head == 0;
        uint32_t n = open ? fill - at - OUTQ_RUN_BYTES : head & 0x7fff;
        if (open && b == w->q->tail && w->q->open != at)
            return false;
        w->by_ref = (head & 0x8000) != 0;
        if (w->by_ref) {
            index_t chain;
            memcpy(&chain, block->bytes + at + OUTQ_RUN_BYTES, sizeof chain);
            memcpy(&n, block->bytes + at + OUTQ_REF_BYTES - sizeof n, sizeof n);
            if (found[chain]++ == 0)
                found[0] = (uint16_t)(found[0] + chain_length(w->m, chain));
            at += (uint32_t)OUTQ_REF_BYTES;
        } else {
            at += OUTQ_RUN_BYTES + n;
        }
        if (n == 0)
            return false;
        w->bytes += n;
    }
    return at == fill && fill <= w->m->block_room;
}

static const char *read_queue(struct walk *w) {
    const struct outq *q = w->q;
    if ((q->head == 0) != (q->tail == 0) || (q->head == 0) != (q->bytes == 0))
        return "an empty output queue";
    uint32_t at = q->at;
    for (index_t b = q->head; b != 0; b = w->m->blocks[b].next, at = 0) {
        if (++w->blocks > MIDGE_BLOCKS_MAX || !read_block(w, b, at))
            return "the runs of an output queue";
        if (b == q->tail)
            break;
        // A block is left only for what it has no room for: a byte more of the run that ends it, a
        // run of a byte, or a reference.
        const struct block *block = &w->m->blocks[b];
        uint16_t next;
        memcpy(&next, w->m->blocks[block->next].bytes, sizeof next);
        uint32_t lacking = next & 0x8000 ? OUTQ_REF_BYTES : w->by_ref ? OUTQ_RUN_BYTES + 1 : 1;
        if (w->m->block_room - block->fill >= lacking)
            return "a block of an output queue that was left before it was full";
    }
    return w->bytes == q->bytes + q->done ? NULL : "the bytes of an output queue";
}

// An input holds as many blocks as the bytes that it awaits take, filled in their order.
static const char *check_input(const struct midge *m, const struct input *in) {
    uint32_t bytes = in->line_bytes > 0 || in->need > 1 ? in->need : in->bytes;
    if (in->head == 0)
        return in->blocks == 0 ? NULL : "the blocks of an input";
    if (chain_length(m, in->head) != in->blocks ||
        in->blocks != (bytes + m->block_room - 1) / m->block_room || m->blocks[in->last].next != 0)
        return "the blocks of an input";
    uint32_t before = 0;
    for (index_t b = in->head; b != in->tail && before < in->bytes; b = m->blocks[b].next)
        before += m->block_room;
    return before + in->fill == in->bytes ? NULL : "where an input stands";
}

static const char *check_connection(const struct midge *m, const struct conn *c) {
    struct walk w = {.m = m, .q = &c->out};
    const char *wrong = read_queue(&w);
    if (wrong == NULL && c->kind == MIDGE_CLIENT)
        wrong = check_input(m, &c->in);
    uint32_t bytes = 0, count;
    struct midge_span spans[32];
    while (wrong == NULL && (count = outq_spans(m, c, bytes, spans, 32)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            bytes += spans[i].n;
    }
    if (wrong == NULL && bytes != c->out.bytes)
        wrong = "the spans of an output queue";
    uint32_t input = c->kind == MIDGE_CLIENT ? c->in.blocks : 0;
    if (c->kind == MIDGE_MONITOR)
        input = chain_length(m, c->monitor.request);
    if (wrong == NULL && w.blocks + input != c->blocks)
        wrong = "the blocks of a connection";
    return wrong;
}

const char *store_check(const struct midge *m) {
    const struct pool *blocks = &m->pools[POOL_blocks];
    uint32_t reserved = 0, held = 0;
    memset(found, 0, (blocks->fresh + 1u) * sizeof found[0]);
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        if (c->cid == 0 || (c->flags & CONN_GONE))
            continue;
        if (c->blocks < MIDGE_BLOCKS_GUARANTEED)
            reserved += MIDGE_BLOCKS_GUARANTEED - c->blocks;
        held += c->blocks;
        const char *wrong = check_connection(m, c);
        if (wrong != NULL)
            return wrong;
    }
    for (uint32_t i = 1; i <= blocks->fresh; i++) {
        if (found[i] > 0 && found[i] != m->blocks[i].refs)
            return "the references of a shared payload";
    }
    if (reserved != m->blocks_reserved)
        return "the blocks reserved";
    if (held + found[0] != blocks->used)
        return "the blocks held";
    if (blocks->used + reserved > blocks->limit)
        return "a guarantee that cannot be kept";
    return NULL;
}
