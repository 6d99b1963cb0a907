#include "broker/core/parser.h"

#include "broker/core/args.h"
#include "broker/core/client.h"
#include "broker/core/connect.h"
#include "broker/core/hint.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/publication.h"
#include "broker/core/secret.h"
#include "broker/core/trace.h"
#include "broker/core/word.h"

// Where in a command the input stands.
enum phase { IN_VERB, IN_BLANKS, IN_ARGS, IN_SKIP, IN_PAYLOAD };

// What a step answers beside the bytes that it consumed.
#define STALLED UINT32_MAX

static const struct verb_row {
    char name[8];
    uint8_t bytes;
    bool args;   // takes arguments
    bool blank;  // which a blank must precede
} verbs[VERB_COUNT] = {
    [VERB_PUB] = {"PUB", 3, true, true},          [VERB_HPUB] = {"HPUB", 4, true, true},
    [VERB_SUB] = {"SUB", 3, true, true},          [VERB_UNSUB] = {"UNSUB", 5, true, true},
    [VERB_CONNECT] = {"CONNECT", 7, true, false}, [VERB_INFO] = {"INFO", 4, true, false},
    [VERB_PING] = {"PING", 4, false, false},      [VERB_PONG] = {"PONG", 4, false, false},
    [VERB_OK] = {"+OK", 3, false, false},         [VERB_ERR] = {"-ERR", 4, true, true},
};

const char *verb_name(enum verb verb) {
    return verbs[verb].name;
}

// The n bytes at p are not what the protocol has here. Of a client that was not let in yet, they
// may be part of its password: the log does not say.
static void refuse(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    uint32_t shown = n < 32 ? n : 32;
    client_error(m, c, "Unknown Protocol Operation");
    client_breach(m, c, "Client parser ERROR: proto=", p, c->flags & CONN_ADMITTED ? shown : 0);
}

static uint8_t upper(uint8_t b) {
    return b >= 'a' && b <= 'z' ? (uint8_t)(b - 0x20) : b;
}

// The verb that begins with the n bytes at p: whole, so that *bytes <= n, or in part.
static enum verb verb_of(const uint8_t *p, uint32_t n) {
    for (enum verb v = VERB_PUB; v < VERB_COUNT; v++) {
        const struct verb_row *row = &verbs[v];
        uint32_t part = n < row->bytes ? n : row->bytes;
        uint32_t i = 0;
        while (i < part && upper(p[i]) == (uint8_t)row->name[i])
            i++;
        if (i == part)
            return v;
    }
    return VERB_NONE;
}

// The arguments without the line end. As nats-server does it: a CR anywhere takes the last byte
// off.
static uint32_t trim(const uint8_t *args, uint32_t n) {
    if (n > 0 && (args[n - 1] == '\r' || memchr(args, '\r', n) != NULL))
        n--;
    return n;
}

static bool line_too_long(struct midge *m, struct conn *c, uint32_t n) {
    if (n <= m->config->max_control_line)
        return false;
    static const char text[] = "maximum control line exceeded";
    log_conn_say(m, c, MIDGE_ERR, text);
    client_end(m, c, MIDGE_MAX_CONTROL_LINE, text);
    return true;
}

// ---- Blocks of unfinished input -----------------------------------------------------------------

static uint32_t input_blocks(const struct midge *m, uint32_t bytes) {
    return (bytes + m->block_room - 1) / m->block_room;
}

static void input_free(struct midge *m, struct conn *c) {
    struct input *in = &c->in;
    while (in->head != 0) {
        index_t next = m->blocks[in->head].next;
        if (in->verb == VERB_CONNECT)
            secret_wipe(m->blocks[in->head].bytes, m->block_room);
        block_give(m, c, in->head);
        in->head = next;
    }
    *in = (struct input){0};
}

// How many blocks more an input may take. Beyond its own guarantee it leaves so many that a
// complete message can still go out to everyone: a block for each, and what sharing its payload
// takes. Else complete messages could fill the pool, each waiting for the room that the others
// hold. A message that no pool could hold beside that comes in while nobody else draws on the
// common part.
static uint32_t input_available(const struct midge *m, const struct conn *c) {
    uint32_t all = block_available(m, c);
    uint32_t own = all - block_common(m);
    uint32_t open = m->open[MIDGE_CLIENT] + m->open[MIDGE_MONITOR] + m->open[MIDGE_LOCAL];
    uint32_t drawn = c->blocks > MIDGE_BLOCKS_GUARANTEED ? c->blocks - MIDGE_BLOCKS_GUARANTEED : 0;
    if (block_common(m) + drawn + open * MIDGE_BLOCKS_GUARANTEED >= m->pools[POOL_blocks].limit)
        return all;
    uint32_t kept = m->open[MIDGE_CLIENT] + MIDGE_BLOCKS_GUARANTEED;
    return all > own + kept ? all - kept : own;
}

// Makes the input's chain long enough for `bytes` in all; false, and nothing changed, where blocks
// are lacking.
static bool input_reserve(struct midge *m, struct conn *c, uint32_t bytes) {
    struct input *in = &c->in;
    uint32_t held = in->blocks;
    uint32_t need = input_blocks(m, bytes);
    if (need > held && (need - held > input_available(m, c) || conn_yields(m, c)))
        return false;
    for (; held < need; held++) {
        index_t b = block_take(m, c);
        MIDGE_ASSERT(b != 0);
        if (in->last != 0)
            m->blocks[in->last].next = b;
        else
            in->head = in->tail = b;
        in->last = b;
    }
    in->blocks = need > in->blocks ? need : in->blocks;
    return true;
}

// Stores bytes in the chain, which is long enough.
static void input_store(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    struct input *in = &c->in;
    in->bytes += n;
    while (n > 0) {
        if (in->fill == m->block_room) {
            in->tail = m->blocks[in->tail].next;
            in->fill = 0;
        }
        uint32_t part = m->block_room - in->fill;
        if (part > n)
            part = n;
        memcpy(m->blocks[in->tail].bytes + in->fill, bytes, part);
        in->fill = (uint16_t)(in->fill + part);
        bytes += part;
        n -= part;
    }
}

// Copies the first n bytes of the chain to m->line, and a line end.
static void input_gather(struct midge *m, const struct conn *c, uint32_t n) {
    uint8_t *to = m->line;
    for (index_t b = c->in.head; n > 0; b = m->blocks[b].next) {
        uint32_t part = n < m->block_room ? n : m->block_room;
        memcpy(to, m->blocks[b].bytes, part);
        to += part;
        n -= part;
    }
    memcpy(to, "\r\n", 2);
}

// Blocks are lacking: waits for some, and if that took too long makes room by force.
static void await_blocks(struct midge *m, struct conn *c) {
    if (conn_stall(m, c) || conn_make_room(m, c))
        return;
    // What there is lies in messages on their way to several: it will come free.
    c->flags &= ~(uint32_t)CONN_STALL_SPENT;
    conn_stall(m, c);
}

// ---- Payloads -----------------------------------------------------------------------------------

// Waits for a payload: stores the line's arguments and makes room for the whole message.
static bool payload_begin(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                          uint32_t n, uint32_t payload) {
    uint32_t need = n + payload + 2;
    // The arguments may lie in the chain already; they do not move then.
    bool stored = c->in.phase == IN_ARGS;
    if (!input_reserve(m, c, need))
        return false;
    struct input *in = &c->in;
    if (!stored) {
        input_store(m, c, args, n);
    } else {
        in->bytes = n;
        in->tail = in->head;
        for (uint32_t at = n; at > m->block_room; at -= m->block_room)
            in->tail = m->blocks[in->tail].next;
        in->fill = (uint16_t)((n - 1) % m->block_room + 1);
    }
    in->phase = IN_PAYLOAD;
    in->verb = (uint8_t)verb;
    in->line_bytes = n;
    in->need = need;
    in->since_ms = m->now.ms;
    conn_timer(m, c, m->now.ms + m->config->payload_idle_ms);
    return true;
}

// Stores more of a payload, and publishes when it is whole. Answers the bytes consumed.
static uint32_t payload_more(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    struct input *in = &c->in;
    uint32_t part = in->need - in->bytes < n ? in->need - in->bytes : n;
    in->since_ms = m->now.ms;
    // The line end is checked at the byte where it goes wrong.
    for (uint32_t i = 2; i > 0; i--) {
        uint32_t at = in->need - i;
        if (at >= in->bytes && at < in->bytes + part &&
            bytes[at - in->bytes] != (i == 2 ? '\r' : '\n')) {
            refuse(m, c, bytes, n);
            return n;
        }
    }
    input_store(m, c, bytes, part);
    if (in->bytes < in->need)
        return part;
    struct publication p;
    input_gather(m, c, in->line_bytes);
    if (!publication_announce(m, c, in->verb == VERB_HPUB, m->line, in->line_bytes, &p))
        return n;
    p.chain = in->head;
    p.chain_blocks = in->blocks;
    p.offset = in->line_bytes;
    if (!publication_send(m, c, &p, UNMATCHED)) {
        // The line end stays with the port, so that the message is tried again with it.
        in->bytes--;
        in->fill--;
        return part - 1;
    }
    if (p.chain == 0)
        in->head = 0;
    input_free(m, c);
    // Others may wait for what it held.
    if (m->lists[LIST_STALLED].head != 0 && m->crowded == 0)
        conn_resume_all(m);
    return part;
}

// A PUB or HPUB line. Answers how many of the n bytes after it were consumed, or STALLED.
static uint32_t publish_line(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                             uint32_t args_bytes, const uint8_t *after, uint32_t n) {
    struct publication p;
    bool traced = (c->flags & (CONN_STALL_CHECKED | CONN_LINE_TRACED)) != 0;
    c->flags &= ~(uint32_t)CONN_LINE_TRACED;
    if (tracing(m) && !traced)
        trace_in(m, c, verb_name(verb), args, args_bytes);
    if (!publication_announce(m, c, verb == VERB_HPUB, args, args_bytes, &p))
        return n;
    if (n < p.bytes + 2) {
        if (!payload_begin(m, c, verb, args, args_bytes, p.bytes)) {
            c->flags |= CONN_LINE_TRACED;
            await_blocks(m, c);
            return STALLED;
        }
        publication_check(m, c, &p);
        return n > 0 ? payload_more(m, c, after, n) : 0;
    }
    if ((c->flags & CONN_PEDANTIC) && !(c->flags & CONN_STALL_CHECKED))
        publication_check(m, c, &p);
    if (after[p.bytes] != '\r' || after[p.bytes + 1] != '\n') {
        refuse(m, c, after + p.bytes, n - p.bytes);
        return n;
    }
    p.payload = after;
    uint32_t bytes = p.bytes;
    return publication_send(m, c, &p, UNMATCHED) ? bytes + 2 : STALLED;
}

// ---- Lines --------------------------------------------------------------------------------------

// A whole control line, whose arguments end before a line end; `after` follows it.
static uint32_t whole_line(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                           uint32_t args_bytes, const uint8_t *after, uint32_t n) {
    // Counted as in step_args, so that it is refused however it was cut.
    bool cr = args_bytes > 0 && args[args_bytes - 1] == '\r';
    if (verbs[verb].args && line_too_long(m, c, args_bytes - cr))
        return n;
    args_bytes = trim(args, args_bytes);
    if (verb == VERB_PUB || verb == VERB_HPUB)
        return publish_line(m, c, verb, args, args_bytes, after, n);
    return client_command(m, c, verb, args, args_bytes) ? 0 : STALLED;
}

// The first byte from p on that is a blank or less, or the end.
static inline const uint8_t *next_blank(const uint8_t *p, const uint8_t *end) {
    for (; sizeof p == 8 && end - p >= 8; p += 8) {
        uint64_t blanks = word_below(word_load(p), ' ' + 1);
        if (blanks != 0)
            return p + word_first(blanks);
    }
    for (; sizeof p == 4 && end - p >= 4; p += 4) {
        uint32_t w;
        memcpy(&w, p, sizeof w);
        if (((w - (uint32_t)WORD_ONES * (' ' + 1)) & ~w & (uint32_t)WORD_HIGH) != 0)
            break;
    }
    while (p<end && * p> ' ')
        p++;
    return p;
}

// Takes apart a PUB that lies whole in the bytes at hand, written as clients write it: single
// blanks, CR LF, no header. Answers its length, 0 where it is anything else.
ALWAYS_INLINE uint32_t plain_publish(const uint8_t *p, uint32_t n, struct publication *to) {
    const uint8_t *const begin = p;
    const uint8_t *const end = p + n;
    if (n < 5 || p[0] != 'P' || p[1] != 'U' || p[2] != 'B' || p[3] != ' ')
        return 0;
    const uint8_t *subject = p += 4;
    p = next_blank(p, end);
    to->subject = subject;
    to->subject_bytes = (uint32_t)(p - subject);
    to->reply = NULL;
    to->reply_bytes = to->header_bytes = 0;
    to->hpub = to->no_line_end = false;
    to->chain = 0;
    to->chain_blocks = to->offset = 0;
    if (p == subject || p == end || *p++ != ' ')
        return 0;
    to->rest = p;
    for (;;) {
        const uint8_t *word = p;
        uint32_t size = 0;
        while (p < end && (uint32_t)(*p - '0') < 10)
            size = size * 10 + (uint32_t)(*p++ - '0');
        if (p < end && *p == '\r') {
            uint32_t digits = (uint32_t)(p - word);
            if (digits == 0 || digits > 9 || (uint32_t)(end - p) < size + 4 || p[1] != '\n' ||
                p[2 + size] != '\r' || p[3 + size] != '\n')
                return 0;
            to->bytes = size;
            to->payload = p + 2;
            to->rest_bytes = (uint32_t)(p + 2 - to->rest);
            return (uint32_t)(p + 2 - begin) + size + 2;
        }
        // Not the size yet: a reply, once.
        p = next_blank(p, end);
        if (to->reply_bytes > 0 || p == end || p == word || *p != ' ')
            return 0;
        to->reply = word;
        to->reply_bytes = (uint32_t)(p++ - word);
    }
}

// Likewise, if the message is within the limits.
ALWAYS_INLINE uint32_t welcome_publish(const struct midge *m, const uint8_t *p, uint32_t n,
                                       struct publication *to) {
    uint32_t whole = plain_publish(p, n, to);
    if (whole == 0 || to->bytes > m->config->max_payload ||
        (uint32_t)(to->payload - to->subject) > m->config->max_control_line)
        return 0;
    return whole;
}

static inline struct matched recall(struct midge *m, const struct publication *p,
                                    struct lookup *l) {
    l->subject = p->subject;
    l->bytes = p->subject_bytes;
    l->root = m->root;
    return match_recall(m, l);
}

#if MIDGE_MATCH_AHEAD > 1
// Publishes a message whose matches are not remembered, so that it takes long to find them, and
// those that follow it in the input and are like it: what they match is found together.
NEVER_INLINE uint32_t publish_run(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n,
                                  const struct publication *first, const struct lookup *lookup) {
    struct publication run[MIDGE_MATCH_AHEAD];
    struct lookup lookups[MIDGE_MATCH_AHEAD];
    uint32_t whole = (uint32_t)(first->payload + first->bytes + 2 - p);
    uint32_t end = whole;
    uint32_t count = 1;
    run[0] = *first;
    lookups[0] = *lookup;
    for (; count < MIDGE_MATCH_AHEAD; count++, end += whole) {
        whole = welcome_publish(m, p + end, n - end, &run[count]);
        if (whole == 0 || recall(m, &run[count], &lookups[count]).nodes != NULL)
            break;
    }
    uint32_t found = match_ahead(m, lookups, count);
    uint32_t used = 0;
    for (uint32_t i = 0; i < count && !(c->flags & CONN_CLOSING); i++) {
        if (!publication_send(m, c, &run[i], i < found ? lookups[i].found : UNMATCHED))
            return used > 0 ? used : STALLED;
        used = (uint32_t)(run[i].payload + run[i].bytes + 2 - p);
    }
    return used;
}
#endif

// Publishes what plain_publish takes, for clients of whom nothing else need be known: most of what
// a broker does passes here. Publishers repeat themselves: what follows with the very same line is
// the same publication with another payload, so where speed is worth code it is neither parsed nor
// matched again; one with a reply is, since answering it may cost what was matched its place.
// Answers what was consumed, 0 where it is not such, or STALLED.
static inline uint32_t try_plain(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    const uint32_t needs_more = CONN_VERBOSE | CONN_PEDANTIC | CONN_STALL_CHECKED;
    if ((c->flags & (needs_more | CONN_ADMITTED)) != CONN_ADMITTED || tracing(m))
        return 0;
    struct publication pub;
    struct lookup lookup;
    uint32_t whole = welcome_publish(m, p, n, &pub);
    if (whole == 0)
        return 0;
    struct matched found = recall(m, &pub, &lookup);
#if MIDGE_MATCH_AHEAD > 1
    if (found.nodes == NULL)
        return publish_run(m, c, p, n, &pub, &lookup);
#endif
    uint32_t line = (uint32_t)(pub.payload - p);
    uint32_t used = 0;
    while (publication_send(m, c, &pub, found)) {
        used += whole;
        const uint8_t *next = p + used;
        if (MIDGE_MATCH_AHEAD == 1 || n - used < whole || pub.reply_bytes > 0 ||
            (c->flags & (CONN_CLOSING | CONN_STALLED)) || found.generation != m->generation ||
            memcmp(next, p, line) != 0 || next[whole - 2] != '\r' || next[whole - 1] != '\n')
            return used;
        pub.rest += whole;
        pub.payload += whole;
        m->matches++;
        m->cache_hits++;
    }
    return used > 0 ? used : STALLED;
}

// Tries a command that lies whole in the bytes at hand. Answers what was consumed, 0 where it is
// not whole, or STALLED.
static uint32_t try_whole(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    enum verb verb = verb_of(p, n);
    const struct verb_row *row = &verbs[verb];
    const uint8_t *end = p + n;
    const uint8_t *args = p + row->bytes;
    if (verb == VERB_NONE || args >= end)
        return 0;
    if (row->blank && !is_blank(*args))
        return 0;
    if (row->args) {
        while (args < end && is_blank(*args))
            args++;
        if (args == end)
            return 0;
    }
    // The first byte of the arguments is one of theirs even if it is a line end.
    const uint8_t *from = args + row->args;
    const uint8_t *lf = from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;
    if (lf == NULL)
        return 0;
    uint32_t line = (uint32_t)(lf + 1 - p);
    uint32_t used = whole_line(m, c, verb, args, (uint32_t)(lf - args), lf + 1, n - line);
    return used == STALLED ? STALLED : line + used;
}

// One step in a command that did not lie whole in the input. Answers what was consumed, or STALLED
// for nothing and want of room.
static uint32_t step_verb(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    struct input *in = &c->in;
    in->prefix[in->bytes++] = *p;
    enum verb verb = verb_of(in->prefix, in->bytes);
    if (verb == VERB_NONE) {
        refuse(m, c, p, n);
    } else if (in->bytes == verbs[verb].bytes) {
        *in = (struct input){.verb = (uint8_t)verb};
        in->phase = verbs[verb].args ? IN_BLANKS : IN_SKIP;
    }
    return 1;
}

static uint32_t step_blanks(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    struct input *in = &c->in;
    if (is_blank(*p)) {
        in->need = 1;  // a blank was seen
        return 1;
    }
    if (verbs[in->verb].blank && in->need == 0) {
        refuse(m, c, p, n);
        return 1;
    }
    in->need = 0;
    in->phase = IN_ARGS;
    return 0;
}

static uint32_t step_args(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    struct input *in = &c->in;
    uint32_t first = in->bytes == 0;
    const uint8_t *lf = n > first ? memchr(p + first, '\n', n - first) : NULL;
    uint32_t part = lf != NULL ? (uint32_t)(lf - p) : n;
    uint32_t held = in->bytes + part;
    // A CR at the end may belong to the line end.
    uint8_t last = part > 0       ? p[part - 1]
                   : in->fill > 0 ? m->blocks[in->tail].bytes[in->fill - 1]
                                  : 0;
    if (line_too_long(m, c, held - (last == '\r')))
        return n;
    if (!input_reserve(m, c, held)) {
        await_blocks(m, c);
        return STALLED;
    }
    input_store(m, c, p, part);
    if (lf == NULL)
        return part;
    enum verb verb = (enum verb)in->verb;
    input_gather(m, c, held);
    uint32_t used = whole_line(m, c, verb, m->line, held, lf + 1, n - part - 1);
    if (used == STALLED)
        return part > 0 ? part : STALLED;  // the line end stays with the port
    if (in->phase == IN_ARGS)
        input_free(m, c);
    return part + 1 + used;
}

static uint32_t step_skip(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    const uint8_t *lf = memchr(p, '\n', n);
    if (lf == NULL)
        return n;
    enum verb verb = (enum verb)c->in.verb;
    c->in = (struct input){0};
    (void)client_command(m, c, verb, lf, 0);
    return (uint32_t)(lf + 1 - p);
}

static uint32_t step(struct midge *m, struct conn *c, const uint8_t *p, uint32_t n) {
    struct input *in = &c->in;
    switch ((enum phase)in->phase) {
    case IN_VERB:
        if (in->bytes == 0) {
            if (!(c->flags & CONN_ADMITTED) && upper(*p) != 'C' && !connect_unasked(m, c))
                return n;
            uint32_t used = try_plain(m, c, p, n);
            if (used == 0)
                used = try_whole(m, c, p, n);
            if (used != 0)
                return used;
        }
        return step_verb(m, c, p, n);
    case IN_BLANKS:
        return step_blanks(m, c, p, n);
    case IN_ARGS:
        return step_args(m, c, p, n);
    case IN_SKIP:
        return step_skip(m, c, p, n);
    case IN_PAYLOAD:
        return payload_more(m, c, p, n);
    }
    return n;
}

uint32_t parser_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    uint32_t at = 0;
    uint32_t msgs = (uint32_t)c->in_msgs;
    uint32_t in_bytes = (uint32_t)c->in_bytes;
    while (at < n && !(c->flags & (CONN_CLOSING | CONN_STALLED | CONN_JUDGING))) {
        uint32_t used = step(m, c, bytes + at, n - at);
        if (used == STALLED)
            break;
        at += used;
        if (tracing(m) && log_crowded(m)) {
            conn_wish(m, c, MIDGE_WISH_RESUME);
            break;
        }
    }
    msgs = (uint32_t)c->in_msgs - msgs;
    if (msgs != 0) {
        m->in_msgs += msgs;
        m->in_bytes += (uint32_t)c->in_bytes - in_bytes;
        c->active_us = m->now.us;
    }
    if (at == n || (c->flags & CONN_CLOSING))
        c->flags &= ~(uint32_t)CONN_STALL_SPENT;
    conn_tried(m, c, at);
    return c->flags & CONN_CLOSING ? n : at;
}
