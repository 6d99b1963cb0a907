#include "broker/core/deliver.h"

#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/permission.h"
#include "broker/core/response.h"
#include "broker/core/trace.h"

// From this size on a payload that several receive, or that lies in blocks already, is referred to
// instead of copied. Measured: below it a copy costs less than the second block's cache miss. Where
// blocks are smaller, they are also few, and copies would take most of them.
#define REFER_BYTES_MIN (MIDGE_BLOCK_BYTES < 1024 ? MIDGE_BLOCK_BYTES : 1024)

// What the deliveries of one publication share.
struct delivery {
    struct publication *p;
    struct conn *publisher;
    uint32_t frame_bytes;  // head, rest, payload and line end: all but the sid and its blank
    index_t shared;        // the chain that receivers refer to, 0 for none
    uint32_t shared_offset;
    uint32_t sharing_blocks;  // what sharing it takes of the common part; 0 where it is copied
    bool choosy;              // receivers may lack room, so members of groups are asked for it
    int32_t count;            // deliveries, and the bytes of them
    uint64_t bytes;
};

static uint32_t payload_blocks(const struct midge *m, uint32_t bytes) {
    return (bytes + m->block_room - 1) / m->block_room;
}

static struct conn *owner_of(struct midge *m, const struct sub *s) {
    return &m->connections[s->owner];
}

// Whether a deny leaves this message to a subscription that it overlaps.
static bool may_receive(struct midge *m, const struct delivery *d, const struct sub *s,
                        const struct conn *c) {
    uint8_t queue[256];
    struct request r = {d->p->subject, queue, d->p->subject_bytes, 0};
    if (s->flags & SUB_GROUPED)
        r.queue_bytes = text_copy(m, m->groups[s->home].name, queue, sizeof queue);
    if (r.queue_bytes > sizeof queue)
        r.queue_bytes = sizeof queue;
    return permission_receive(m->config, c->permissions, &r);
}

// Whether a subscription may get the message at all.
static bool eligible(struct midge *m, const struct delivery *d, const struct sub *s,
                     const struct conn *c) {
    if (c->flags & CONN_CLOSING)
        return false;
    if (c == d->publisher && !(c->flags & CONN_ECHO))
        return false;
    return !(s->flags & SUB_FILTERED) || may_receive(m, d, s, c);
}

// ---- Writing one MSG ----------------------------------------------------------------------------

static uint32_t sid_bytes(const struct midge *m, const struct sub *s) {
    if (s->sid_bytes != SUB_SID_TEXT)
        return s->sid_bytes;
    index_t text;
    memcpy(&text, s->sid, sizeof text);
    return m->texts[text].bytes;
}

// Appends the payload from its chain, `skip` bytes of it left out, and its line end.
static bool append_chain(struct midge *m, struct conn *c, const struct publication *p,
                         uint32_t skip) {
    uint32_t left = p->bytes + 2 - skip;
    uint32_t at = p->offset + skip;
    index_t b = p->chain;
    for (; at >= m->block_room; at -= m->block_room)
        b = m->blocks[b].next;
    for (; left > 0; b = m->blocks[b].next, at = 0) {
        uint32_t part = m->block_room - at < left ? m->block_room - at : left;
        if (!outq_append(m, c, m->blocks[b].bytes + at, part))
            return false;
        left -= part;
    }
    return true;
}

// The general way: in pieces, across blocks, with the header cut off for those who cannot take it.
// Room was made sure of.
static bool append_pieces(struct midge *m, const struct delivery *d, struct conn *c, index_t sub) {
    const struct publication *p = d->p;
    bool header = p->header_bytes > 0;
    bool strip = header && !(c->flags & CONN_HEADERS);
    const char *verb = header && !strip ? "HMSG " : "MSG ";
    bool done = outq_append(m, c, verb, (uint32_t)strlen(verb)) &&
                outq_append(m, c, p->subject, p->subject_bytes) && outq_append(m, c, " ", 1);
    const struct sub *s = &m->subscriptions[sub];
    index_t text;
    memcpy(&text, s->sid, sizeof text);
    done = done && (s->sid_bytes == SUB_SID_TEXT ? outq_append_text(m, c, text)
                                                 : outq_append(m, c, s->sid, s->sid_bytes));
    done = done && outq_append(m, c, " ", 1);
    uint32_t skip = 0;
    if (strip || (p->hpub && !header)) {
        // The sizes differ from what the publisher wrote.
        if (p->reply_bytes > 0)
            done = done && outq_append(m, c, p->reply, p->reply_bytes) && outq_append(m, c, " ", 1);
        skip = p->header_bytes;
        uint8_t digits[20];
        done = done && outq_append(m, c, digits, format_decimal(digits, p->bytes - skip)) &&
               outq_append(m, c, "\r\n", 2);
    } else {
        done = done && outq_append(m, c, p->rest, p->rest_bytes);
    }
    if (d->shared != 0)
        return done && outq_refer(m, c, d->shared, d->shared_offset + skip, p->bytes + 2 - skip);
    if (p->payload == NULL)
        return done && append_chain(m, c, p, skip);
    if (p->no_line_end)
        return done && outq_append(m, c, p->payload, p->bytes) && outq_append(m, c, "\r\n", 2);
    return done && outq_append(m, c, p->payload + skip, p->bytes + 2 - skip);
}

// A copy of a few bytes without a call: by overlapping loads of fixed size.
static inline void copy_small(uint8_t *to, const uint8_t *from, uint32_t n) {
    if (n > 64) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        for (uint32_t i = 0; i + 16 < n; i += 16)
            memcpy(to + i, from + i, 16);
        memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else {
        for (uint32_t i = 0; i < n; i++)
            to[i] = from[i];
    }
}

// The usual way: everything in one piece at the end of the tail block. False where it does not fit
// so.
static inline bool append_tail(struct midge *m, const struct delivery *d, struct conn *c,
                               const struct sub *s) {
    const struct publication *p = d->p;
    if (p->hpub || p->payload == NULL || p->no_line_end || d->shared != 0 ||
        s->sid_bytes > SUB_SID_BYTES)
        return false;
    uint32_t n = d->frame_bytes + s->sid_bytes + 1;
    // The sid is copied in its full width, which can reach beyond the end of an empty message.
    uint32_t most = n + SUB_SID_BYTES;
    uint8_t *to = outq_place(&c->out, m->blocks, m->block_room, most);
    if (to == NULL) {
        if (most > m->block_room - OUTQ_RUN_BYTES || !outq_begin(m, c))
            return false;
        to = outq_place(&c->out, m->blocks, m->block_room, most);
        if (to == NULL)
            return false;
    }
    memcpy(to, "MSG ", 4);
    copy_small(to + 4, p->subject, p->subject_bytes);
    to += 4 + p->subject_bytes;
    *to++ = ' ';
    memcpy(to, s->sid, SUB_SID_BYTES);
    to += s->sid_bytes;
    *to++ = ' ';
    if (p->rest + p->rest_bytes == p->payload) {
        copy_small(to, p->rest, p->rest_bytes + p->bytes + 2);
    } else {
        copy_small(to, p->rest, p->rest_bytes);
        memcpy(to + p->rest_bytes, p->payload, p->bytes + 2);
    }
    outq_advance(&c->out, n);
    return true;
}

// Blocks that the message would take of c's.
static uint32_t blocks_for(const struct midge *m, const struct delivery *d, const struct conn *c,
                           const struct sub *s) {
    uint32_t n = d->frame_bytes + 2 + sid_bytes(m, s);
    if (d->shared == 0 && d->sharing_blocks == 0)
        return outq_blocks_for(m, c, n, 0);
    return outq_blocks_for(m, c, n - d->p->bytes - 2, 1);
}

// ---- One receiver -------------------------------------------------------------------------------

// Delivers to one subscription, which may end by it. True where it took the message.
static bool deliver_one(struct midge *m, struct delivery *d, index_t sub) {
    struct sub *s = &m->subscriptions[sub];
    struct conn *c = owner_of(m, s);
    if (!eligible(m, d, s, c))
        return false;
    if (!append_tail(m, d, c, s)) {
        if (blocks_for(m, d, c, s) > block_available(m, c) || !append_pieces(m, d, c, sub)) {
            conn_slow(m, c, MIDGE_SLOW_PENDING);
            return false;
        }
    }
    uint32_t bytes = d->p->bytes;
    if (d->p->header_bytes > 0 && !(c->flags & CONN_HEADERS))
        bytes -= d->p->header_bytes;
    c->delivered_us = m->now.us;
    c->out_msgs++;
    c->out_bytes += bytes;
    d->bytes += bytes;
    if (tracing(m))
        trace_delivery(m, c, sub, d->p, d->shared != 0 ? d->shared : d->p->chain,
                       d->shared != 0 ? d->shared_offset : d->p->offset);
#if MIDGE_RESPONSES_MAX > 0
    if ((c->flags & CONN_ANSWERS) && d->p->reply_bytes > 0)
        response_expect(m, c, d->p->reply, d->p->reply_bytes);
#endif
    conn_queued(m, c);
    d->count++;
    if (++s->delivered == s->max)
        subs_remove(m, sub);
    return true;
}

// ---- Room ---------------------------------------------------------------------------------------

// Common blocks that are left while receivers are asked for room, and whether one lacked some.
struct room {
    uint32_t common;
    bool lacking;
};

// Whether one receiver has room, or will not be waited for.
static bool has_room(struct midge *m, const struct delivery *d, index_t sub, struct room *room) {
    const struct sub *s = &m->subscriptions[sub];
    const struct conn *c = owner_of(m, s);
    if (!eligible(m, d, s, c))
        return true;
    if ((c->flags & CONN_CROWDED) && conn_progresses(m, c))
        return false;
    uint32_t need = blocks_for(m, d, c, s);
    uint32_t own = c->blocks < MIDGE_BLOCKS_GUARANTEED ? MIDGE_BLOCKS_GUARANTEED - c->blocks : 0;
    need = need > own ? need - own : 0;
    if (need > room->common) {
        room->lacking = true;
        return false;
    }
    room->common -= need;
    return true;
}

// ---- All receivers ------------------------------------------------------------------------------

// Delivers to one member of the queue groups with the name of the first: those of all matching
// nodes count as one. Members that refuse are passed over, and where some have room, those that
// have none.
static void deliver_group(struct midge *m, struct delivery *d, const index_t *groups,
                          uint32_t count) {
    uint32_t members = 0;
    for (uint32_t i = 0; i < count; i++)
        members += m->groups[groups[i]].members;
    uint32_t pick = count > 1 ? random_below(m, members) : 0;
    uint32_t first = 0;
    while (pick >= m->groups[groups[first]].members)
        pick -= m->groups[groups[first++]].members;
    for (uint32_t i = 0; i < count * (1 + d->choosy); i++) {
        index_t g = groups[(first + i) % count];
        index_t sub = subs_pick(m, g);
        for (uint32_t tries = m->groups[g].members; tries > 0; tries--) {
            index_t next = m->subscriptions[sub].next;
            struct room room = {block_common(m), false};
            bool passed = d->choosy && i < count && !has_room(m, d, sub, &room);
            if (!passed && deliver_one(m, d, sub))
                return;
            sub = next;
        }
    }
}

// The groups of all matching nodes that bear the name of group g, into `same`; answers how many.
static uint32_t groups_named_as(const struct midge *m, index_t g, const index_t *nodes,
                                uint32_t count, index_t *same, uint32_t max) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count && found < max; i++) {
        for (index_t o = m->nodes[nodes[i]].groups; o != 0; o = m->groups[o].next) {
            if (m->groups[o].name == m->groups[g].name) {
                same[found++] = o;
                break;
            }
        }
    }
    return found;
}

#define SAME_MAX 32  // nodes of one match on which groups of one name are taken as one

static void deliver_groups(struct midge *m, struct delivery *d, const index_t *nodes,
                           uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (index_t g = m->nodes[nodes[i]].groups, next; g != 0; g = next) {
            next = m->groups[g].next;
            if (count == 1) {
                deliver_group(m, d, &g, 1);
                continue;
            }
            index_t same[SAME_MAX];
            uint32_t n = groups_named_as(m, g, nodes, count, same, SAME_MAX);
            // Only the first node that has the name delivers for it.
            if (same[0] == g)
                deliver_group(m, d, same, n);
        }
    }
}

static bool all_have_room(struct midge *m, const struct delivery *d, const index_t *nodes,
                          uint32_t count, struct room *room) {
    if (!d->choosy)
        return true;
    if (conn_yields(m, d->publisher))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct node *node = &m->nodes[nodes[i]];
        for (index_t s = node->plain; s != 0; s = m->subscriptions[s].next) {
            if (!has_room(m, d, s, room))
                return false;
        }
        for (index_t g = node->groups; g != 0; g = m->groups[g].next) {
            index_t s = m->groups[g].cursor;
            uint32_t left = m->groups[g].members;
            while (left > 0 && !has_room(m, d, s, room)) {
                s = m->subscriptions[s].next;
                left--;
            }
            if (left == 0)
                return false;
        }
    }
    return true;
}

// What sharing the payload would take of the common part; 0 where it does not pay, or there is
// less.
static uint32_t sharing_blocks(const struct midge *m, const struct publication *p,
                               const index_t *nodes, uint32_t count) {
    if (p->bytes < REFER_BYTES_MIN || p->no_line_end)
        return 0;
    // In a chain already: the publisher only gets its guarantee back.
    uint32_t need = MIDGE_BLOCKS_GUARANTEED;
    if (p->payload != NULL) {
        const struct node *node = &m->nodes[nodes[0]];
        bool several = count > 1 || node->groups != 0 ||
                       (node->plain != 0 && m->subscriptions[node->plain].next != 0);
        need = several ? payload_blocks(m, p->bytes + 2) : 0;
    }
    return need <= block_common(m) ? need : 0;
}

// Stores a payload once for all its receivers.
static void share(struct midge *m, struct delivery *d) {
    struct publication *p = d->p;
    if (p->payload == NULL) {
        d->shared = p->chain;
        d->shared_offset = p->offset;
        if (!block_share(m, d->publisher, p->chain, p->chain_blocks))
            midge_panic(__FILE__, __LINE__);
        p->chain = 0;
    } else {
        index_t last = 0;
        for (uint32_t at = 0; at < p->bytes + 2; at += m->block_room) {
            index_t b = block_take(m, d->publisher);
            uint32_t left = p->bytes + 2 - at;
            memcpy(m->blocks[b].bytes, p->payload + at,
                   left < m->block_room ? left : m->block_room);
            if (last != 0)
                m->blocks[last].next = b;
            else
                d->shared = b;
            last = b;
        }
        if (!block_share(m, d->publisher, d->shared, payload_blocks(m, p->bytes + 2)))
            midge_panic(__FILE__, __LINE__);
    }
    m->blocks[d->shared].refs = 1;  // the delivery's own
}

int32_t deliver(struct midge *m, struct conn *publisher, struct publication *p,
                struct matched found) {
    if (found.count == 0)
        return 0;
    const index_t *nodes = found.nodes;
    uint32_t count = found.count;
    struct delivery d;
    d.p = p;
    d.publisher = publisher;
    d.frame_bytes = 5 + p->subject_bytes + p->rest_bytes + p->bytes + 2;
    d.shared = 0;
    d.shared_offset = 0;
    d.sharing_blocks = sharing_blocks(m, p, nodes, count);
    d.count = 0;
    d.bytes = 0;
    struct room room = {block_common(m) - d.sharing_blocks, false};
    d.choosy = m->crowded + m->turn > 0 || room.common < m->blocks_ample;
    if (!all_have_room(m, &d, nodes, count, &room)) {
        if (!m->config->no_fast_producer_stall && conn_stall(m, publisher))
            return DELIVER_STALL;
        // The pool is full: not who needs a block now must go, but who holds most of them.
        if (room.lacking && conn_make_room(m, publisher))
            return DELIVER_STALL;
    }
    if (d.sharing_blocks > 0)
        share(m, &d);
    for (uint32_t i = 0; i < count; i++) {
        for (index_t s = m->nodes[nodes[i]].plain, next; s != 0; s = next) {
            next = m->subscriptions[s].next;
            deliver_one(m, &d, s);
        }
    }
    deliver_groups(m, &d, nodes, count);
    if (d.shared != 0)
        block_unref(m, d.shared);
    m->out_msgs += (uint32_t)d.count;
    m->out_bytes += d.bytes;
    return d.count;
}
