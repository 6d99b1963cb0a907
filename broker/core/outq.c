#include "broker/core/outq.h"

#include "broker/core/midge.h"

#define REF_MARK 0x8000u

// A stretch of a shared chain, as it lies in a block behind REF_MARK.
struct ref {
    index_t chain;
    uint32_t offset;
    uint32_t n;
};

// A run, decoded.
struct run {
    const uint8_t *bytes;  // of a literal one; else the reference begins there
    uint32_t n;
    uint32_t whole;  // bytes that it takes in its block
    bool is_ref;
};

static struct ref ref_at(const uint8_t *p) {
    struct ref ref;
    memcpy(&ref.chain, p, sizeof ref.chain);
    memcpy(&ref.offset, p + sizeof ref.chain, sizeof ref.offset);
    memcpy(&ref.n, p + sizeof ref.chain + sizeof ref.offset, sizeof ref.n);
    return ref;
}

static uint32_t fill_of(const struct midge *m, const struct outq *q, index_t b) {
    return b == q->tail ? q->fill : m->blocks[b].fill;
}

static struct run run_at(const struct midge *m, const struct outq *q, index_t b, uint32_t at) {
    const uint8_t *p = m->blocks[b].bytes + at;
    uint16_t head;
    memcpy(&head, p, sizeof head);
    p += OUTQ_RUN_BYTES;
    if (head & REF_MARK)
        return (struct run){p, ref_at(p).n, OUTQ_REF_BYTES, true};
    uint32_t n = head != 0 ? head : fill_of(m, q, b) - at - OUTQ_RUN_BYTES;
    return (struct run){p, n, OUTQ_RUN_BYTES + n, false};
}

static void open_run(struct midge *m, struct outq *q) {
    memset(m->blocks[q->tail].bytes + q->fill, 0, OUTQ_RUN_BYTES);
    q->open = q->fill;
    q->fill = (uint16_t)(q->fill + OUTQ_RUN_BYTES);
}

// Ends the open run, if any; one without bytes vanishes.
static void close_run(struct midge *m, struct outq *q) {
    if (q->open == OUTQ_CLOSED)
        return;
    uint16_t n = (uint16_t)(q->fill - q->open - OUTQ_RUN_BYTES);
    if (n == 0)
        q->fill = q->open;
    else
        memcpy(m->blocks[q->tail].bytes + q->open, &n, sizeof n);
    q->open = OUTQ_CLOSED;
}

static bool add_block(struct midge *m, struct conn *c) {
    struct outq *q = &c->out;
    index_t b = block_take(m, c);
    if (b == 0)
        return false;
    if (q->tail != 0) {
        close_run(m, q);
        m->blocks[q->tail].fill = q->fill;
        m->blocks[q->tail].next = b;
    } else {
        q->head = b;
        q->at = 0;
        q->done = 0;
    }
    q->tail = b;
    q->fill = 0;
    q->open = OUTQ_CLOSED;
    return true;
}

bool outq_begin(struct midge *m, struct conn *c) {
    if (c->out.tail != 0 || !add_block(m, c))
        return false;
    open_run(m, &c->out);
    return true;
}

uint32_t outq_blocks_for(const struct midge *m, const struct conn *c, uint32_t n, uint32_t refs) {
    const struct outq *q = &c->out;
    uint32_t need = n + refs * (uint32_t)(OUTQ_REF_BYTES + OUTQ_RUN_BYTES);
    uint32_t room = q->tail == 0 ? 0 : m->block_room - q->fill;
    if (q->open == OUTQ_CLOSED)
        room = room > OUTQ_RUN_BYTES ? room - OUTQ_RUN_BYTES : 0;
    if (need <= room)
        return 0;
    // A reference is not split, so each may leave that much unused at the end of a block.
    uint32_t each = m->block_room - OUTQ_RUN_BYTES;
    if (refs > 0)
        need += (uint32_t)OUTQ_REF_BYTES;
    return (need - room + each - 1) / each;
}

bool outq_append(struct midge *m, struct conn *c, const void *bytes, uint32_t n) {
    struct outq *q = &c->out;
    if (outq_blocks_for(m, c, n, 0) > block_available(m, c))
        return false;
    const uint8_t *from = bytes;
    while (n > 0) {
        uint32_t header = q->open == OUTQ_CLOSED ? OUTQ_RUN_BYTES : 0;
        if ((q->tail == 0 || q->fill + header >= m->block_room) && !add_block(m, c))
            return false;
        if (q->open == OUTQ_CLOSED)
            open_run(m, q);
        uint32_t part = m->block_room - q->fill;
        if (part > n)
            part = n;
        memcpy(m->blocks[q->tail].bytes + q->fill, from, part);
        outq_advance(q, part);
        from += part;
        n -= part;
    }
    return true;
}

bool outq_append_text(struct midge *m, struct conn *c, index_t text) {
    const struct text *cell = &m->texts[text];
    uint32_t left = cell->bytes;
    uint32_t part = left < TEXT_FIRST_BYTES ? left : (uint32_t)TEXT_FIRST_BYTES;
    if (outq_blocks_for(m, c, left, 0) > block_available(m, c) ||
        !outq_append(m, c, cell->first, part))
        return false;
    while ((left -= part) > 0) {
        cell = &m->texts[cell->more];
        part = left < TEXT_MORE_BYTES ? left : (uint32_t)TEXT_MORE_BYTES;
        if (!outq_append(m, c, cell->rest, part))
            return false;
    }
    return true;
}

bool outq_refer(struct midge *m, struct conn *c, index_t chain, uint32_t offset, uint32_t n) {
    struct outq *q = &c->out;
    if (q->tail == 0 || q->fill + OUTQ_REF_BYTES > m->block_room) {
        if (!add_block(m, c))
            return false;
    }
    close_run(m, q);
    uint8_t *p = m->blocks[q->tail].bytes + q->fill;
    uint16_t mark = REF_MARK;
    memcpy(p, &mark, sizeof mark);
    p += OUTQ_RUN_BYTES;
    memcpy(p, &chain, sizeof chain);
    memcpy(p + sizeof(index_t), &offset, sizeof offset);
    memcpy(p + sizeof(index_t) + sizeof(uint32_t), &n, sizeof n);
    q->fill = (uint16_t)(q->fill + OUTQ_REF_BYTES);
    q->bytes += n;
    m->blocks[chain].refs++;
    return true;
}

// Spans of a shared chain from `skip` bytes into the reference.
static uint32_t ref_spans(const struct midge *m, struct ref ref, uint32_t skip,
                          struct midge_span *v, uint32_t max) {
    uint32_t left = ref.n - skip;
    uint32_t offset = ref.offset + skip;
    index_t b = ref.chain;
    for (; offset >= m->block_room; offset -= m->block_room)
        b = m->blocks[b].next;
    uint32_t count = 0;
    for (; left > 0 && count < max; b = m->blocks[b].next, offset = 0) {
        uint32_t part = m->block_room - offset;
        if (part > left)
            part = left;
        v[count++] = (struct midge_span){m->blocks[b].bytes + offset, part};
        left -= part;
    }
    return count;
}

uint32_t outq_spans(const struct midge *m, const struct conn *c, uint32_t skip,
                    struct midge_span *v, uint32_t max) {
    const struct outq *q = &c->out;
    uint32_t count = 0;
    uint32_t at = q->at;
    skip += q->done;
    for (index_t b = q->head; b != 0 && count < max; b = m->blocks[b].next, at = 0) {
        while (at < fill_of(m, q, b) && count < max) {
            struct run run = run_at(m, q, b, at);
            at += run.whole;
            if (skip >= run.n) {
                skip -= run.n;
                continue;
            }
            if (run.is_ref)
                count += ref_spans(m, ref_at(run.bytes), skip, v + count, max - count);
            else
                v[count++] = (struct midge_span){run.bytes + skip, run.n - skip};
            skip = 0;
        }
        if (b == q->tail)
            break;
    }
    return count;
}

static void drop_head(struct midge *m, struct conn *c) {
    struct outq *q = &c->out;
    index_t b = q->head;
    q->head = b == q->tail ? 0 : m->blocks[b].next;
    if (q->head == 0)
        q->tail = 0;
    q->at = 0;
    block_give(m, c, b);
}

void outq_sent(struct midge *m, struct conn *c, uint32_t n) {
    struct outq *q = &c->out;
    MIDGE_ASSERT(n <= q->bytes);
    q->bytes -= n;
    // Mostly all that there is lies in one run.
    if (q->bytes == 0 && q->head == q->tail && q->at == q->open)
        drop_head(m, c);
    n += q->done;
    q->done = 0;
    while (q->head != 0) {
        if (q->at >= fill_of(m, q, q->head)) {
            drop_head(m, c);
            continue;
        }
        struct run run = run_at(m, q, q->head, q->at);
        if (n < run.n) {
            q->done = n;
            return;
        }
        n -= run.n;
        if (run.is_ref)
            block_unref(m, ref_at(run.bytes).chain);
        q->at = (uint16_t)(q->at + run.whole);
    }
    q->fill = 0;
    q->open = OUTQ_CLOSED;
}

void outq_clear(struct midge *m, struct conn *c) {
    outq_sent(m, c, c->out.bytes);
}
