#include "sim/watch.h"

#include "sim/check.h"
#include "sim/wheel.h"
#include "sim/world.h"

// What a connection that ends may take to send what is queued.
#define FLUSH_MS 2000

void tally_add(struct tally *t, const struct conn *conn) {
    t->in_msgs += conn->in_msgs;
    t->in_bytes += conn->in_bytes;
    t->out_msgs += conn->out_msgs;
    t->out_bytes += conn->out_bytes;
    t->stalls += conn->stalls;
}

// The longest that a healthy cable may wait for its input to be taken, beyond stall_ms.
#define WAIT_US 30000000u
#define TURN_US 2000000u

// The longest that a page may stand still that is being read.
#define PAGE_PAUSE_MS 5000

// A cable that carries nothing any more must be found out by pings.
static uint64_t silence_us(const struct world *w, const struct midge_config *config) {
    uint64_t ms = (uint64_t)config->ping_interval_ms * (config->ping_max + 2);
    // An interval that has begun goes on when the configuration changes.
    if (w->swarm.reload > 0)
        ms = PING_MS_MAX * (PINGS_MAX + 2);
    // Each interval may end while the loop stands still.
    if (w->swarm.doze > 0)
        ms += DOZE_MS_MAX * (PINGS_MAX + 2);
    return (ms + config->auth_timeout_ms + config->write_deadline_ms + 5000) * 1000;
}

// Those who wait as c does go one after another, each once a receiver has drained.
static uint64_t turns_us(const struct world *w, const struct cable *c) {
    uint64_t us = 0;
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        const struct cable *o = &w->cables[i];
        if (o->used && o->site == c->site && o->paused)
            us += TURN_US;
    }
    return us;
}

static const char *wrong_with_cable(struct world *w, struct site *s, struct cable *c) {
    const struct midge_config *config = s->m.config;
    if (c->kind == MIDGE_CLIENT && c->dead && w->now_us - c->dead_since_us > silence_us(w, config))
        return "a connection that is dead was not found out";
    if (c->ending || c->dead)
        return NULL;
    // A limit that a reload has lowered is for what comes.
    const struct conn *conn = &s->m.connections[midge_slot(c->conn)];
    if (w->swarm.reload == 0 && c->kind == MIDGE_CLIENT && conn->out.bytes > config->max_pending)
        return "more waits for a client than may";
    struct midge_span v;
    uint32_t held = w->swarm.late_release ? (uint32_t)(c->down.written - c->down.taken) : 0;
    // While bytes are held the port asks by itself, once the far end has some of them.
    if (!c->blocked && held == 0 && midge_tx(&s->m, c->conn, held, &v, 1) > 0)
        return "there is output, and the port was not told";
    // One read waits for room no longer than it may, while there are blocks.
    if (w->swarm.exact && c->paused && !s->scarce && (conn->flags & CONN_STALL_SPENT) &&
        conn->stalls > 0 && block_common(&s->m) > 512)
        return "a read that waits though it has waited";
    // Where messages come in by drops, they hold the few blocks of a small pool for long; and who
    // vanishes is waited for, one after another.
    const struct swarm *swarm = &w->swarm;
    bool few = s->small || s->blocks > 0;
    bool trickles = few && (c->window < 536 || swarm->run_max == 1);
    trickles |= (c->delay_us >= 50000 && few);
    bool patient = swarm->vanish + swarm->slow + swarm->deaf + swarm->pool_failure > 0 ||
                   swarm->link_cut + swarm->doze + swarm->byte_ns + swarm->wild > 0;
    // Who reads a page slowly, or over a slow cable, is not heard meanwhile.
    bool reads = s->m.now.ms - conn->progress_ms < PAGE_PAUSE_MS;
    patient |= c->kind == MIDGE_MONITOR && (c->gap_us > 0 || reads);
    // A message that is never finished holds its blocks until that is noticed.
    uint32_t wait_ms = config->stall_ms + (few ? config->payload_idle_ms : 0);
    uint64_t patience_us = wait_ms * 1000ull + WAIT_US;
    if (c->up.taken < c->up.arrived && !patient && !trickles &&
        w->now_us - c->waiting_since_us > patience_us + turns_us(w, c))
        return "a client's input is not taken";
    return NULL;
}

// The cable of a connection whose client keeps to the ledger, where times are exact; NULL where it
// is not of those.
static struct cable *kept_cable(struct world *w, struct site *s, uint32_t slot) {
    const struct conn *conn = &s->m.connections[slot];
    bool is_client = conn->cid != 0 && conn->kind == MIDGE_CLIENT && !(conn->flags & CONN_GONE);
    if (!w->swarm.exact || !is_client)
        return NULL;
    struct cable *c = &w->cables[s->cable_of[slot]];
    return w->actors[c->actor].kind <= ACTOR_DEAF ? c : NULL;
}

uint32_t watch_reaping(const struct midge *m) {
    uint32_t left = 0, steps = 0;
    for (uint32_t i = m->reap; i != 0 && steps <= MIDGE_CONNECTIONS_MAX; steps++) {
        left += m->connections[i].subs_count;
        i = m->connections[i].links[LIST_WISHES].next;
    }
    return left < REAP_PER_TURN ? left : REAP_PER_TURN;
}

// Messages of an application that one turn hands over, those for nobody any more included.
#define HANDLED_MAX 64

void watch_turn(struct world *w, struct site *s) {
    const struct midge *m = &s->m;
    const char *wrong = NULL;
    if (s->handled > HANDLED_MAX)
        wrong = "what an application gets in one turn";
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh && wrong == NULL; i++) {
        struct cable *c = kept_cable(w, s, i);
        if (c != NULL)
            wrong = pulse_turn(m, &m->connections[i], &c->pulse);
    }
    if (wrong != NULL)
        world_fail(w, wrong);
}

// What all clients have published and been sent, and what becomes of them by time.
static const char *check_clients(struct world *w, struct site *s) {
    const struct midge *m = &s->m;
    struct tally sum = s->ended;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *conn = &m->connections[i];
        if (conn->cid == 0 || (conn->flags & CONN_GONE))
            continue;
        tally_add(&sum, conn);
        struct cable *c = kept_cable(w, s, i);
        const char *wrong = c != NULL ? pulse_check(m, conn, &c->pulse) : NULL;
        if (wrong != NULL)
            return wrong;
    }
    if (sum.in_msgs != m->in_msgs || sum.in_bytes != m->in_bytes || sum.out_msgs != m->out_msgs ||
        sum.out_bytes != m->out_bytes || sum.stalls != m->stalls)
        return "the sum of what clients have sent and received";
    return NULL;
}

void watch_site(struct world *w, struct site *s) {
    const struct midge *m = &s->m;
    if (m->in_msgs < s->in_msgs || m->out_msgs < s->out_msgs || m->last_cid < s->last_cid)
        world_fail(w, "a counter went back");
    s->in_msgs = m->in_msgs;
    s->out_msgs = m->out_msgs;
    s->last_cid = m->last_cid;
    for (uint32_t i = 0; i < POOL_COUNT; i++) {
        if (m->pools[i].used > m->pools[i].limit)
            world_fail(w, "a pool holds more than it may");
    }
    if (m->pools[POOL_nodes].used != s->nodes && m->generation == s->generation)
        world_fail(w, "what was matched is remembered beyond the nodes that it was for");
    s->nodes = m->pools[POOL_nodes].used;
    s->generation = m->generation;
    const char *wrong = wheel_check(m);
    if (wrong == NULL)
        wrong = check_clients(w, s);
    if (wrong == NULL)
        wrong = waiting_check(w, s);
    if (wrong != NULL)
        world_fail(w, wrong);
    if (++s->turns % 16 != 0)
        return;
    wrong = check_broker(m, &s->dice);
    for (uint32_t i = 0; i < CABLES_MAX && wrong == NULL; i++) {
        struct cable *c = &w->cables[i];
        if (c->used && c->far == FAR_OPEN && &w->sites[c->site] == s)
            wrong = wrong_with_cable(w, s, c);
    }
    if (wrong != NULL)
        world_fail(w, wrong);
}

// Whether a payload that has begun stands still for so long that its sender is given up.
static bool is_idle(const struct midge *m, const struct conn *conn) {
    uint32_t at_ms = conn->in.since_ms + m->config->payload_idle_ms;
    return conn->in.line_bytes > 0 && (int32_t)(m->now.ms - at_ms) >= 0;
}

void watch_closing(struct world *w, struct site *s, struct cable *c, bool abort) {
    const struct midge *m = &s->m;
    const char *wrong = NULL;
    // Its request may have come while the loop stood still.
    if (c->kind == MIDGE_MONITOR && w->swarm.doze + w->swarm.wild == 0 && scraper_waits(w, c) &&
        conn_reason(&m->connections[midge_slot(c->conn)]) == MIDGE_STALE)
        world_fail(w, "a request was not answered");
    c->dismissed = conn_reason(&m->connections[midge_slot(c->conn)]) == MIDGE_SHUTDOWN;
    if (c->kind != MIDGE_CLIENT)
        return;
    const struct conn *conn = &m->connections[midge_slot(c->conn)];
    int reason = conn_reason(conn);
    bool slow = reason == MIDGE_SLOW_PENDING || reason == MIDGE_SLOW_DEADLINE;
    // Who is not slow gets what is queued, and has two seconds to take it.
    if (abort && !c->ending && !slow)
        world_fail(w, "a connection was cut without its last words");
    uint32_t waited_ms = m->now.ms - c->ending_since_ms;
    bool late = waited_ms > FLUSH_MS && w->swarm.exact;
    if (abort && c->ending && (waited_ms < FLUSH_MS || late))
        world_fail(w, "a connection was cut before its time, or after");
    if (c->ending)
        return;
    c->ending_since_ms = m->now.ms;
    c->ended_by = (uint8_t)reason;
    const struct actor *a = &w->actors[c->actor];
    if (a->kind == ACTOR_HOSTILE || a->kind == ACTOR_CALLER)
        return;
    bool within = conn->out.bytes + c->late_bytes <= m->config->max_pending;
    if (a->kind == ACTOR_EXAMINER && !c->client_open)
        return;
    if (a->kind == ACTOR_EXAMINER && exam_ends(a, reason)) {
        wrong = slow || s->scarce ? NULL : exam_counts(a, conn);
        if (wrong != NULL)
            world_fail(w, wrong);
        return;
    }
    switch (reason) {
    case MIDGE_SLOW_PENDING:
        // Room was lacking for it, or for what others hold.
        if (w->swarm.exact && within && !s->scarce && s->common > 128)
            wrong = "a client was cut off as slow before its limit";
        // fall through
    case MIDGE_SLOW_DEADLINE:
        if (w->swarm.clean)
            wrong = "a client that reads was cut off as slow";
        break;
    case MIDGE_STALE:
        if (w->swarm.exact && a->kind <= ACTOR_DEAF && !pulse_is_stale(m, &c->pulse) &&
            !is_idle(m, conn))
            wrong = "a client was given up too early";
        // Where more is on its way, the ping or its answer is behind that; and where the loop stands
        // still for longer than the interval, the answer is not read before the time has come.
        if (w->swarm.doze == 0 && c->healthy && !c->dead && c->up.taken == c->up.written &&
            c->down.arrived == c->down.written && !c->blocked)
            wrong = "a client that answers was cut off as stale";
        break;
    case MIDGE_AUTH_VIOLATION:
        if (!c->ledger.impostor)
            wrong = "a client was refused whose credentials are right";
        break;
    case MIDGE_AUTH_TIMEOUT:
        // Its CONNECT may take longer than that.
        if ((!w->swarm.users && !w->swarm.doors) || w->swarm.clean)
            wrong = "a client was refused that was in time";
        break;
    case MIDGE_MAX_CONNECTIONS:
        break;
    case MIDGE_SHUTDOWN:
        // Milliseconds are counted from where they begin.
        if (!w->ending &&
            (!m->lame_duck ||
             w->now_us + 1000 < s->lame_since_us + m->config->lame_duck_grace_ms * 1000ull))
            wrong = "a client was sent away for no reason, or too early";
        break;
    default:
        wrong = "a client was cut off that broke no rule";
    }
    if (wrong != NULL)
        world_fail(w, wrong);
}

void watch_opened(struct world *w, struct site *s, const struct cable *c) {
    const struct midge *m = &s->m;
    if (c->conn != MIDGE_NONE && c->conn >> 16 == 0)
        world_fail(w, "a handle could be one of a slot that nobody had yet");
    if (c->conn != MIDGE_NONE) {
        const struct conn *conn = &m->connections[midge_slot(c->conn)];
        if (conn_reason(conn) == MIDGE_MAX_CONNECTIONS &&
            m->open[MIDGE_CLIENT] <= m->config->max_connections)
            world_fail(w, "a client was turned away though there is room");
        return;
    }
    const struct pool *connections = &m->pools[POOL_connections];
    if (connections->used < connections->limit && block_common(m) >= MIDGE_BLOCKS_GUARANTEED &&
        w->swarm.pool_failure == 0)
        world_fail(w, "a connection was refused though there is room");
}
