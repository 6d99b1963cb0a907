#include "broker/core/conn.h"

#include "broker/core/hint.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/reason.h"
#include "broker/core/response.h"
#include "broker/core/secret.h"
#include "broker/core/trace.h"

// How long a closing connection may take to send what is queued.
#define FLUSH_MS 2000

// A receiver that took no bytes for so long, and a stall of at most 2 s, is not waited for. A
// socket whose buffer is full may say that there is room only once much of it was read, which at a
// few MB/s takes a while; and a chip's stack may have to send a lost segment twice.
#define PROGRESS_MS 1000

// Most of the output that one write deadline is for: a reader of what is behind it has its own.
#define DUE_BYTES_MAX (4u << 20)

static struct conn *at(struct midge *m, uint16_t i) {
    return &m->connections[i];
}

uint16_t conn_index(const struct midge *m, const struct conn *c) {
    return (uint16_t)(c - m->connections);
}

uint32_t conn_handle(const struct midge *m, const struct conn *c) {
    return (uint32_t)c->generation << 16 | conn_index(m, c);
}

void conn_timer(struct midge *m, struct conn *c, uint32_t at_ms) {
    timer_need(m, conn_index(m, c), at_ms);
}

bool conn_due(struct midge *m, struct conn *c, uint32_t at_ms) {
    bool due = (int32_t)(m->now.ms - at_ms) >= 0;
    if (!due)
        conn_timer(m, c, at_ms);
    return due;
}

struct conn *conn_of(struct midge *m, uint32_t handle) {
    uint32_t i = handle & 0xffff;
    if (i == 0 || i > m->pools[POOL_connections].fresh)
        return NULL;
    struct conn *c = at(m, (uint16_t)i);
    return c->generation == handle >> 16 ? c : NULL;
}

// ---- Lists --------------------------------------------------------------------------------------

// One copy: inlined it is larger.
NEVER_INLINE void list_add(struct midge *m, int which, struct conn *c) {
    struct list *list = &m->lists[which];
    uint16_t i = conn_index(m, c);
    c->links[which] = (struct link){.prev = list->tail};
    *(list->tail != 0 ? &at(m, list->tail)->links[which].next : &list->head) = i;
    list->tail = i;
}

static void list_remove(struct midge *m, int which, struct conn *c) {
    struct list *list = &m->lists[which];
    struct link *link = &c->links[which];
    if (link->prev != 0)
        at(m, link->prev)->links[which].next = link->next;
    else
        list->head = link->next;
    if (link->next != 0)
        at(m, link->next)->links[which].prev = link->prev;
    else
        list->tail = link->prev;
}

void conn_wish(struct midge *m, struct conn *c, int wish) {
    // The port has nothing to do for the application, whose output is read here.
    if (c->kind == MIDGE_LOCAL)
        return;
    c->wishes |= (uint8_t)(1 << wish);
    if (c->flags & CONN_WISHING)
        return;
    c->flags |= CONN_WISHING;
    list_add(m, LIST_WISHES, c);
}

midge_conn midge_next(struct midge *m, enum midge_wish *wish) {
    uint16_t i = m->lists[LIST_WISHES].head;
    if (i == 0)
        return MIDGE_NONE;
    // The last of them that it has comes first.
    struct conn *c = at(m, i);
    MIDGE_ASSERT(c->wishes != 0);
    int most = 31 - __builtin_clz(c->wishes);
    *wish = (enum midge_wish)most;
    // A connection that ends wants nothing else.
    c->wishes = most >= MIDGE_WISH_CLOSE_AFTER_SEND ? 0 : (uint8_t)(c->wishes & ~(1 << most));
    if (c->wishes == 0) {
        list_remove(m, LIST_WISHES, c);
        c->flags &= ~(uint32_t)CONN_WISHING;
    }
    return (uint32_t)c->generation << 16 | i;
}

// ---- Life ---------------------------------------------------------------------------------------

uint16_t conn_open(struct midge *m, int kind, const struct midge_peer *peer) {
    if (block_common(m) < MIDGE_BLOCKS_GUARANTEED)
        return 0;
    index_t i = POOL_TAKE(m, connections);
    if (i == 0)
        return 0;
    struct conn *c = at(m, (uint16_t)i);
    *c = (struct conn){.generation = c->generation | (c->generation == 0), .kind = (uint8_t)kind};
    c->out.open = OUTQ_CLOSED;
    c->cid = ++m->last_cid;
    c->started_us = m->now.us;
    c->active_us = m->now.us;
    c->progress_ms = m->now.ms;
    if (peer != NULL)
        c->peer = *peer;
    m->blocks_reserved += MIDGE_BLOCKS_GUARANTEED;
    m->open[kind]++;
    return (uint16_t)i;
}

// It keeps its place in the list until it has tried.
static void next_turn(struct midge *m) {
    m->turn =
        m->tried != 0 ? at(m, m->tried)->links[LIST_STALLED].next : m->lists[LIST_STALLED].head;
    if (m->turn != 0) {
        struct conn *c = at(m, m->turn);
        c->flags = (c->flags & ~(uint32_t)CONN_STALLED) | CONN_TURN;
        conn_wish(m, c, MIDGE_WISH_RESUME);
    }
}

static void unstall(struct midge *m, struct conn *c) {
    uint32_t was = c->flags & (CONN_STALLED | CONN_TURN);
    if (was == 0)
        return;
    list_remove(m, LIST_STALLED, c);
    c->flags &= ~was;
    if (was & CONN_TURN)
        next_turn(m);
    else
        m->tried = 0;  // it may have been this one: all try again
}

static void uncrowd(struct midge *m, struct conn *c) {
    if (c->flags & CONN_CROWDED) {
        c->flags &= ~(uint32_t)CONN_CROWDED;
        m->crowded--;
    }
}

#if MIDGE_JUDGING

void conn_judge_at(struct midge *m, struct conn *c, uint32_t at_ms) {
    c->flags |= CONN_JUDGING | CONN_DELAYED;
    c->auth_ms = at_ms;
    conn_timer(m, c, at_ms);
}

static void unjudge(struct midge *m, struct conn *c) {
#if MIDGE_BCRYPT_COST_MAX > 0
    if ((c->flags & (CONN_JUDGING | CONN_DELAYED)) == CONN_JUDGING)
        list_remove(m, LIST_JUDGING, c);
#endif
    c->flags &= ~(uint32_t)(CONN_JUDGING | CONN_DELAYED);
    (void)m;
}

void conn_judged(struct midge *m, struct conn *c) {
    if (!(c->flags & CONN_JUDGING))
        return;
    unjudge(m, c);
    conn_wish(m, c, MIDGE_WISH_RESUME);
}

#if MIDGE_BCRYPT_COST_MAX > 0
void conn_judge_in_turn(struct midge *m, struct conn *c) {
    c->flags |= CONN_JUDGING;
    list_add(m, LIST_JUDGING, c);
}
#endif

#endif

void conn_close(struct midge *m, struct conn *c, int reason, bool flush) {
    if (c->flags & CONN_CLOSING)
        return;
    c->flags |= CONN_CLOSING;
    c->flags |= (uint32_t)reason * CONN_REASON;
    unstall(m, c);
    uncrowd(m, c);
#if MIDGE_JUDGING
    unjudge(m, c);
#endif
    c->deadline_ms = m->now.ms + FLUSH_MS;
    conn_timer(m, c, c->deadline_ms);
    conn_wish(m, c, flush ? MIDGE_WISH_CLOSE_AFTER_SEND : MIDGE_WISH_ABORT);
}

void conn_gone(struct midge *m, struct conn *c) {
    if (debugging(m) && c->kind == MIDGE_CLIENT) {
        log_conn_say(m, c, MIDGE_DBG, "Client connection closed: %s", reason_text(conn_reason(c)));
    }
    for (index_t i = tracing(m) ? c->subs : 0; i != 0; i = m->subscriptions[i].owner_next)
        trace_unsubscribe(m, c, i);
    facts_keep(m, c);
#if MIDGE_RESPONSES_MAX > 0
    response_forget(m, c);
#endif
    timer_cancel(m, conn_index(m, c));
    if (c->flags & CONN_WISHING)
        list_remove(m, LIST_WISHES, c);
    outq_clear(m, c);
    for (index_t b = c->kind == MIDGE_MONITOR ? c->monitor.request : c->in.head, next; b != 0;
         b = next) {
        next = m->blocks[b].next;
        if (!(c->flags & CONN_ADMITTED))
            secret_wipe(m->blocks[b].bytes, m->block_room);  // part of a CONNECT, perhaps
        block_give(m, c, b);
    }
    MIDGE_ASSERT(c->blocks == 0);
    m->blocks_reserved -= MIDGE_BLOCKS_GUARANTEED;
    text_drop(m, c->name);
    text_drop(m, c->lang);
    text_drop(m, c->version);
    text_drop(m, c->login);
#if MIDGE_HTTPS
    if (c->kind == MIDGE_CLIENT) {
        text_drop(m, c->shown);
        c->shown = 0;
    }
#endif
    c->name = c->lang = c->version = c->login = 0;
    m->open[c->kind]--;
    c->flags = CONN_CLOSING | CONN_GONE;
    // Its handle is stale from here on.
    c->generation++;
    // No wish is left, so the list's links serve for the list of those to be reaped.
    c->links[LIST_WISHES].next = m->reap;
    m->reap = conn_index(m, c);
    conn_resume_all(m);
}

bool conn_reap(struct midge *m, uint32_t most) {
    while (m->reap != 0) {
        struct conn *c = at(m, m->reap);
        for (; c->subs != 0; most--) {
            if (most == 0)
                return true;
            subs_remove(m, c->subs);
        }
        uint16_t i = m->reap;
        m->reap = c->links[LIST_WISHES].next;
        // A free slot keeps its generation, and is marked by having no cid.
        _Static_assert(offsetof(struct conn, generation) >= sizeof(index_t), "");
        POOL_GIVE(m, connections, i);
        c->cid = 0;
    }
    return false;
}

// ---- Output -------------------------------------------------------------------------------------

void conn_queued(struct midge *m, struct conn *c) {
    if (c->out.bytes > m->config->max_pending && c->kind != MIDGE_MONITOR) {
        conn_slow(m, c, MIDGE_SLOW_PENDING);
        return;
    }
    if (c->out.bytes > m->crowd_bytes && !(c->flags & (CONN_CROWDED | CONN_CLOSING))) {
        c->flags |= CONN_CROWDED;
        m->crowded++;
    }
    if (!(c->flags & CONN_BLOCKED))
        conn_wish(m, c, MIDGE_WISH_SEND);
}

void conn_send(struct midge *m, struct conn *c, const void *bytes, uint32_t n) {
    if (c->flags & CONN_CLOSING)
        return;
    if (!outq_append(m, c, bytes, n)) {
        conn_slow(m, c, MIDGE_SLOW_PENDING);
        return;
    }
    conn_queued(m, c);
}

void conn_send_text(struct midge *m, struct conn *c, const char *text) {
    conn_send(m, c, text, (uint32_t)strlen(text));
}

void conn_sent(struct midge *m, struct conn *c, uint32_t n) {
    outq_sent(m, c, n);
    if (n > 0)
        c->progress_ms = m->now.ms;
    uint32_t left = c->out.bytes;
    if ((c->flags & CONN_CROWDED) && left <= m->crowd_bytes / 2) {
        uncrowd(m, c);
        if (m->crowded == 0)
            conn_resume_all(m);
    } else if (n > 0 && m->lists[LIST_STALLED].head != 0 && m->crowded == 0) {
        conn_resume_all(m);
    }
    if ((c->flags & CONN_CLOSING) || c->kind == MIDGE_LOCAL)
        return;
    if (left == 0) {
        c->flags &= ~(uint32_t)CONN_BLOCKED;
        return;
    }
    // What waits now, up to a bound, must be gone by the deadline; only then does a later one
    // begin.
    if (!(c->flags & CONN_BLOCKED) || n >= c->bytes_due) {
        c->flags |= CONN_BLOCKED;
        c->bytes_due = left < DUE_BYTES_MAX ? left : DUE_BYTES_MAX;
        c->deadline_ms = m->now.ms + m->config->write_deadline_ms;
        conn_timer(m, c, c->deadline_ms);
    } else {
        c->bytes_due -= n;
    }
}

void conn_slow(struct midge *m, struct conn *c, int reason) {
    if (c->flags & CONN_CLOSING)
        return;
    m->slow_consumers++;
    struct format *f = log_conn(m, c, MIDGE_INF);
    format_text(f, "Slow Consumer Detected: ");
    if (reason == MIDGE_SLOW_DEADLINE) {
        format_text(f, "WriteDeadline of ");
        format_duration(f, (uint64_t)m->config->write_deadline_ms * 1000);
        format_say(f, " exceeded with %u chunks of %u total bytes.", (uint32_t)c->blocks,
                   c->out.bytes);
    } else {
        format_say(f, "MaxPending of %u Exceeded", m->config->max_pending);
    }
    log_end(m);
    // The application only misses the message.
    if (c->kind != MIDGE_LOCAL)
        conn_close(m, c, reason, false);
}

void conn_tick(struct midge *m, struct conn *c) {
    if (c->flags & CONN_CLOSING) {
        if (conn_due(m, c, c->deadline_ms))
            conn_wish(m, c, MIDGE_WISH_ABORT);
        return;
    }
    if ((c->flags & CONN_STALLED) && conn_due(m, c, c->stall_ms)) {
        unstall(m, c);
        c->flags |= CONN_STALL_SPENT;
        conn_wish(m, c, MIDGE_WISH_RESUME);
    }
    if ((c->flags & CONN_BLOCKED) && conn_due(m, c, c->deadline_ms))
        conn_slow(m, c, MIDGE_SLOW_DEADLINE);
}

// ---- Back-pressure ------------------------------------------------------------------------------

bool conn_progresses(const struct midge *m, const struct conn *c) {
    uint32_t stall_ms = m->config->stall_ms < 2000 ? m->config->stall_ms : 2000;
    return !(c->flags & CONN_BLOCKED) || m->now.ms - c->progress_ms <= stall_ms + PROGRESS_MS;
}

// Whether blocks that it holds will come free by themselves: its output is taken, or its payload
// comes in.
static bool is_moving(const struct midge *m, const struct conn *c) {
    bool awaited = c->kind == MIDGE_CLIENT && c->in.line_bytes > 0 && !(c->flags & CONN_STALLED);
    uint32_t stall_ms = m->config->stall_ms;
    return (!(c->flags & CONN_BLOCKED) || m->now.ms - c->progress_ms <= stall_ms) &&
           (!awaited || m->now.ms - c->in.since_ms <= stall_ms);
}

bool conn_stall(struct midge *m, struct conn *c) {
    if (c->flags & CONN_STALL_SPENT)
        return false;
    if (!(c->flags & (CONN_STALLED | CONN_CLOSING))) {
        c->flags |= CONN_STALLED;
        if (!(c->flags & CONN_TURN))
            list_add(m, LIST_STALLED, c);
        c->stalls++;
        m->stalls++;
        c->stall_ms = m->now.ms + m->config->stall_ms;
        conn_timer(m, c, c->stall_ms);
    }
    return true;
}

void conn_resume_all(struct midge *m) {
    m->tried = 0;
    if (m->turn == 0)
        next_turn(m);
}

bool conn_yields(const struct midge *m, const struct conn *c) {
    return m->turn != 0 && !(c->flags & (CONN_TURN | CONN_STALL_SPENT));
}

void conn_tried(struct midge *m, struct conn *c, uint32_t n) {
    if (!(c->flags & CONN_TURN))
        return;
    uint32_t again = c->flags & CONN_STALLED;
    if (again && n == 0) {
        c->flags &= ~(uint32_t)CONN_TURN;
        // Unless all are to try again, those before it have.
        if (m->tried == c->links[LIST_STALLED].prev)
            m->tried = m->turn;
        next_turn(m);
        return;
    }
    unstall(m, c);
    if (again) {
        c->flags |= CONN_STALLED;
        list_add(m, LIST_STALLED, c);
    }
}

bool conn_make_room(struct midge *m, struct conn *waiting) {
    struct conn *largest = NULL;
    uint32_t most = 0;
    bool moving = false;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        struct conn *c = at(m, (uint16_t)i);
        uint32_t out_bytes = c->out.bytes;
        uint32_t held = c->blocks + out_bytes / m->block_room;
        // The message of one that waits does not come free: all of them may wait.
        uint32_t passed = out_bytes > 0 ? CONN_CLOSING : CONN_CLOSING | CONN_STALLED;
        if ((c->flags & passed) || c->kind == MIDGE_LOCAL || held <= MIDGE_BLOCKS_GUARANTEED)
            continue;
        if (is_moving(m, c)) {
            // What it holds itself does not come free while it waits.
            moving |= c != waiting;
        } else if (held > most) {
            largest = c;
            most = held;
        }
    }
    if (largest == NULL && !moving)
        return false;
    if (largest != NULL)
        conn_slow(m, largest, MIDGE_SLOW_PENDING);
    waiting->flags &= ~(uint32_t)CONN_STALL_SPENT;
    if (!(waiting->flags & CONN_CLOSING))
        conn_stall(m, waiting);
    return true;
}
