#include "sim/waiting.h"

#include "sim/world.h"

// As long as a receiver may stand still that is waited for, beyond the time of a stall.
#define PROGRESS_MS 1000u
#define STALL_MS_MAX 2000u

// At most what a line of a message takes here.
#define LINE_BYTES 160

static const struct conn *its_conn(const struct site *s, const struct cable *c) {
    return &s->m.connections[midge_slot(c->conn)];
}

static bool is_there(const struct conn *conn) {
    return conn->cid != 0 && !(conn->flags & CONN_GONE);
}

// Whether its output was taken within `ms`, or there is none that the stack had no room for.
static bool is_taken(const struct midge *m, const struct conn *conn, uint32_t ms) {
    return !(conn->flags & CONN_BLOCKED) || m->now.ms - conn->progress_ms <= ms;
}

// Whether publishers wait for it.
static bool is_awaited(const struct midge *m, const struct conn *conn) {
    uint32_t stall = m->config->stall_ms;
    uint32_t ms = (stall < STALL_MS_MAX ? stall : STALL_MS_MAX) + PROGRESS_MS;
    return is_there(conn) && (conn->flags & CONN_CROWDED) && is_taken(m, conn, ms);
}

void waiting_look(struct world *w, struct site *s, const struct cable *c, struct outlook *before) {
    const struct midge *m = &s->m;
    const struct conn *conn = its_conn(s, c);
    *before = (struct outlook){.flags = conn->flags,
                               .turn = m->turn,
                               .crowded = m->crowded,
                               .input_blocks = c->kind == MIDGE_CLIENT ? conn->in.blocks : 0,
                               .in_msgs = conn->in_msgs,
                               .out_msgs = m->out_msgs};
    for (uint32_t i = m->crowded > 0 ? m->pools[POOL_connections].fresh : 0; i > 0; i--) {
        const struct conn *to = &m->connections[i];
        if (!is_there(to) || to->kind == MIDGE_LOCAL)
            continue;
        struct cable *its = &w->cables[s->cable_of[i]];
        its->is_awaited = is_awaited(m, to);
        its->had = to->out_msgs;
    }
}

// ---- Crowds -------------------------------------------------------------------------------------

// The output above which publishers wait: three quarters of what a client may leave, or a MiB.
static uint32_t crowd_bytes(const struct midge *m) {
    uint32_t bytes = m->config->max_pending / 4 * 3;
    return bytes < 1u << 20 ? bytes : 1u << 20;
}

// Holders of more blocks than their share are cut off where others lack them: of those that stand
// still, the largest.
static uint32_t held_by(const struct midge *m, const struct conn *conn) {
    return conn->blocks + conn->out.bytes / m->block_room;
}

static bool stands_still(const struct midge *m, const struct conn *conn, const struct conn *who) {
    uint32_t ms = m->config->stall_ms;
    bool awaited = conn->kind == MIDGE_CLIENT && conn->in.line_bytes > 0 &&
                   (conn == who || !(conn->flags & CONN_STALLED));
    return !is_taken(m, conn, ms) || (awaited && m->now.ms - conn->in.since_ms > ms);
}

static const char *check_victim(const struct midge *m, const struct conn *victim,
                                const struct conn *who) {
    if (!stands_still(m, victim, who) || held_by(m, victim) <= MIDGE_BLOCKS_GUARANTEED)
        return "who was cut off to make room does not stand still, or holds no more than its share";
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *conn = &m->connections[i];
        if (is_there(conn) && !(conn->flags & CONN_CLOSING) && conn->kind != MIDGE_LOCAL &&
            held_by(m, conn) > held_by(m, victim) && stands_still(m, conn, who))
            return "who was cut off to make room is not the largest that stands still";
    }
    return NULL;
}

// Nobody was cut off for one that has waited as long as it may, and waits on: nobody stands still,
// and with a message that is whole it waits for somebody.
static const char *check_patience(const struct midge *m, const struct conn *who) {
    bool moving = false;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *conn = &m->connections[i];
        if (!is_there(conn) || (conn->flags & CONN_CLOSING) || conn->kind == MIDGE_LOCAL ||
            held_by(m, conn) <= MIDGE_BLOCKS_GUARANTEED)
            continue;
        if (stands_still(m, conn, who))
            return "nobody was cut off to make room";
        moving |= conn != who && (!(conn->flags & CONN_STALLED) || conn->out.bytes > 0);
    }
    return moving || !(who->flags & CONN_STALL_CHECKED) ? NULL
                                                        : "who waits for room waits for nobody";
}

// Whether a message of any size fits into one block, and so two are enough for whoever has none.
static bool is_copied_whole(const struct midge *m) {
    return LINE_BYTES + m->config->max_payload <= m->block_room - OUTQ_RUN_BYTES;
}

// What has changed of those that are crowded, and of those that were cut off as slow; `*victim` is
// the last of these. What `who` has published it does not hold any more.
static const char *update(struct world *w, struct site *s, const struct conn *who,
                          const struct conn **victim) {
    const struct midge *m = &s->m;
    uint32_t victims = 0;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *conn = &m->connections[i];
        if (!is_there(conn) || conn->kind == MIDGE_LOCAL)
            continue;
        struct cable *c = &w->cables[s->cable_of[i]];
        bool crowded = (conn->flags & CONN_CROWDED) != 0;
        if (crowded && !c->crowded && conn->out.bytes <= crowd_bytes(m))
            return "a client is waited for of which little is left to send";
        c->crowded = crowded;
        if (conn_reason(conn) != MIDGE_SLOW_PENDING || c->condemned)
            continue;
        c->condemned = true;
        if (conn != who && conn->blocks < MIDGE_BLOCKS_GUARANTEED &&
            conn->out.bytes <= m->config->max_pending && conn->kind == MIDGE_CLIENT &&
            is_copied_whole(m) && w->swarm.pool_failure + w->swarm.reload + w->swarm.hostile == 0)
            return "a client was cut off below what it is guaranteed";
        *victim = conn;
        victims++;
    }
    if (victims != 1)
        *victim = NULL;
    s->crowded = m->crowded;
    s->slow_consumers = m->slow_consumers;
    return NULL;
}

const char *waiting_update(struct world *w, struct site *s) {
    const struct conn *victim = NULL;
    bool changed = s->crowded != s->m.crowded || s->slow_consumers != s->m.slow_consumers;
    return changed ? update(w, s, NULL, &victim) : NULL;
}

void waiting_open(struct site *s, struct cable *c) {
    // There may be no room for as much as a greeting.
    c->condemned = c->conn != MIDGE_NONE && conn_reason(its_conn(s, c)) == MIDGE_SLOW_PENDING;
    s->slow_consumers += c->condemned;
}

// ---- Reasons to wait ----------------------------------------------------------------------------

// Whether one of those to whom c publishes next is waited for.
static bool awaits_somebody(struct world *w, const struct site *s, const struct cable *c,
                            uint32_t subject) {
    const struct midge *m = &s->m;
    if (m->local != 0 && is_awaited(m, &m->connections[m->local]))
        return true;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        if (i != m->local && is_awaited(m, &m->connections[i]) &&
            ledger_reaches(w, c, subject, &w->cables[s->cable_of[i]]))
            return true;
    }
    return false;
}

// Whether it has begun to wait for blocks for its message though nobody else has any of those that
// are for all.
static bool waits_alone(const struct midge *m, const struct conn *conn, const struct order *o) {
    uint32_t drawn = conn->blocks;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *other = &m->connections[i];
        if (!is_there(other) || other == conn)
            continue;
        if (other->blocks > MIDGE_BLOCKS_GUARANTEED)
            return false;
        drawn += other->blocks;
    }
    bool alone = drawn == m->pools[POOL_blocks].used;
    return alone && conn->in.line_bytes == 0 && !(conn->flags & CONN_STALL_CHECKED) &&
           (o->bytes + LINE_BYTES) / m->block_room + 1 <=
               block_available(m, conn) + conn->in.blocks;
}

// Whether it waits though nobody that it publishes to is waited for, and there are blocks for what
// it publishes next: for each receiver what it takes of its own, once what is stored for all, and
// for what has not come in yet what is kept for others.
static bool waits_in_vain(struct world *w, const struct site *s, const struct cable *c,
                          const struct conn *conn) {
    const struct midge *m = &s->m;
    const struct ledger *l = &c->ledger;
    const struct order *o = &l->orders[l->orders_first];
    if (w->swarm.hostile + w->swarm.pool_failure > 0 || l->orders_count == 0 ||
        o->verb != ORDER_PUB)
        return false;
    if (waits_alone(m, conn, o))
        return true;
    uint32_t copied = LINE_BYTES + (o->bytes < 1024 ? o->bytes : 0);
    uint32_t each = copied / (m->block_room - OUTQ_RUN_BYTES) + 1;
    uint32_t once = o->bytes < 1024 ? 0 : (o->bytes + 2u) / m->block_room + 3;
    if (conn->in.line_bytes == 0)
        once += (o->bytes + LINE_BYTES) / m->block_room + 1 + m->open[MIDGE_CLIENT] +
                MIDGE_BLOCKS_GUARANTEED;
    // To the letter is not known here what is kept for whom.
    return block_common(m) >= once + each * ledger_receivers(w, c, o->subject) + 4 &&
           !(m->crowded > 0 && awaits_somebody(w, s, c, o->subject));
}

// Whether one that was waited for at the last look has got a message from c since. A group may have
// no other member that takes it, where some have no right to, are about to leave, or are c itself;
// or where another has become crowded by the same message.
static bool went_to_awaited(const struct world *w, const struct site *s, const struct cable *c,
                            const struct outlook *before) {
    bool partial = w->swarm.queues > 0 && (w->swarm.users || s->scarce || !c->ledger.echo ||
                                           s->m.crowded != before->crowded);
    bool went = false;
    for (uint32_t i = partial ? 0 : s->m.pools[POOL_connections].fresh; i > 0; i--) {
        const struct conn *to = &s->m.connections[i];
        if (!is_there(to) || to->kind == MIDGE_LOCAL)
            continue;
        if (w->swarm.queues > 0 && (to->flags & CONN_CLOSING))
            return false;
        const struct cable *its = &w->cables[s->cable_of[i]];
        went |= its->is_awaited && to->out_msgs > its->had;
    }
    return went;
}

// ---- Turns --------------------------------------------------------------------------------------

// Where it stands among those that wait: who was asked in vain keeps its place, who took something
// and waits again has a new one behind all others.
static void take_place(struct site *s, struct cable *c, const struct outlook *before,
                       uint32_t used) {
    const uint32_t waits = CONN_STALLED | CONN_TURN;
    bool new = !(before->flags & waits) || ((before->flags & CONN_TURN) && used > 0);
    if (!(its_conn(s, c)->flags & waits))
        c->place = 0;
    else if (new)
        c->place = ++s->last_place;
}

// Whether c had its turn, and nobody has it next though some have not been asked.
static bool keeps_turn(const struct site *s, const struct cable *c, const struct outlook *before,
                       uint32_t used) {
    const struct midge *m = &s->m;
    uint32_t slot = midge_slot(c->conn), last = m->lists[LIST_STALLED].tail;
    // It may stand behind them again.
    if (last == slot && used > 0)
        last = m->connections[slot].links[LIST_STALLED].prev;
    // Of those who are cut off all are asked again once they are gone.
    bool some_leave =
        m->slow_consumers != s->slow_consumers || (m->connections[slot].flags & CONN_CLOSING) != 0;
    return (before->flags & CONN_TURN) && !some_leave && m->turn == 0 && last != 0 &&
           m->tried != last;
}

const char *waiting_judge(struct world *w, struct site *s, struct cable *c,
                          const struct outlook *before, uint32_t used, uint32_t n) {
    const struct midge *m = &s->m;
    const struct conn *conn = its_conn(s, c);
    if (used == n && (conn->flags & CONN_STALL_SPENT))
        return "who has waited once need not wait again";
    bool spent = (before->flags & CONN_STALL_SPENT) != 0;
    bool others = before->turn != 0 && before->turn != midge_slot(c->conn);
    if (others && !spent && c->kind == MIDGE_CLIENT &&
        (m->out_msgs > before->out_msgs || conn->in.blocks > before->input_blocks))
        return "who came later was served before those that wait";
    if (before->crowded > 0 && !spent && went_to_awaited(w, s, c, before))
        return "a message went to one that is waited for";
    if (keeps_turn(s, c, before, used))
        return "whose turn it was has not passed it on";
    take_place(s, c, before, used);
    bool waits = (conn->flags & CONN_STALLED) && !(before->flags & CONN_STALLED);
    // Who has made room waits for it; and whose message freed some waits behind those that it woke.
    bool made_room = m->slow_consumers != s->slow_consumers;
    others |= before->turn != midge_slot(c->conn) && m->turn != 0;
    if (waits && !others && !made_room && !spent && waits_in_vain(w, s, c, conn))
        return "a client waits though there is room";
    const struct conn *victim = NULL;
    const char *wrong = NULL;
    if (s->crowded != m->crowded || made_room || (conn->flags & CONN_CLOSING))
        wrong = update(w, s, conn, &victim);
    if (wrong == NULL && waits && spent && !made_room)
        wrong = check_patience(m, conn);
    // Nothing was published, and nobody has more than it may: it was for room.
    if (wrong == NULL && victim != NULL && victim != conn && conn->in_msgs == before->in_msgs &&
        victim->out.bytes <= m->config->max_pending)
        wrong = check_victim(m, victim, conn);
    return wrong;
}

const char *waiting_check(struct world *w, const struct site *s) {
    const struct midge *m = &s->m;
    uint32_t last = 0;
    for (uint16_t i = m->lists[LIST_STALLED].head; i != 0;
         i = m->connections[i].links[LIST_STALLED].next) {
        const struct cable *c = &w->cables[s->cable_of[i]];
        if (c->place <= last)
            return "those that wait are not in the order in which they came";
        last = c->place;
        if (i == m->turn && c->paused && !c->ending)
            return "whose turn it is does not know";
    }
    return NULL;
}
