#include "sim/ledger.h"

#include <string.h>

#include "sim/greeting.h"
#include "sim/world.h"

static struct cable *cable_of(struct world *w, uint32_t reference) {
    return &w->cables[(reference - 1) / SIDS_MAX];
}

static struct subscription *subscription_of(struct world *w, uint32_t reference) {
    return &cable_of(w, reference)->ledger.subscriptions[(reference - 1) % SIDS_MAX];
}

static uint32_t reference_of(const struct world *w, const struct cable *c, uint32_t sid) {
    return (uint32_t)(c - w->cables) * SIDS_MAX + sid + 1;
}

void ledger_open(struct ledger *l) {
    memset(l, 0, offsetof(struct ledger, orders));
    memset(l->subscriptions, 0, sizeof l->subscriptions);
    l->echo = true;
}

const uint8_t *ledger_filler(const struct world *w, uint32_t id) {
    return w->filler + id * 61 % PIPE_BYTES;
}

// ---- Lots ------------------------------------------------------------------------------------

static uint16_t lot_take(struct world *w) {
    struct lots *all = &w->lots;
    uint16_t i = all->free;
    if (i != 0)
        all->free = all->lot[i - 1].next;
    else if (all->fresh < LOTS_MAX)
        i = ++all->fresh;
    else
        return 0;
    all->lot[i - 1] = (struct lot){0};
    return i;
}

static void lot_drop(struct world *w, uint16_t i) {
    if (i == 0)
        return;
    struct lot *lot = &w->lots.lot[i - 1];
    if (--lot->holders > 0)
        return;
    if (!lot->kept && !lot->excused)
        world_fail(w, "no member of a queue group got a message");
    lot->next = w->lots.free;
    w->lots.free = i;
}

// ---- Promises -----------------------------------------------------------------------------------

static struct promise *promise_at(struct ledger *l, uint32_t i) {
    return &l->promises[(l->promises_first + i) % PROMISES_MAX];
}

static bool is_closing(const struct world *w, const struct cable *c) {
    const struct midge *m = &w->sites[c->site].m;
    return m->connections[midge_slot(c->conn)].flags & CONN_CLOSING;
}

// Drops the promises that another member of the group has kept.
static void forget_kept(struct world *w, struct ledger *l) {
    uint32_t count = l->promises_count;
    l->promises_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct promise p = *promise_at(l, i);
        if (p.lot != 0 && w->lots.lot[p.lot - 1].kept)
            lot_drop(w, p.lot);
        else
            *promise_at(l, l->promises_count++) = p;
    }
}

static void promise(struct world *w, struct cable *c, struct promise p) {
    struct ledger *l = &c->ledger;
    if (l->closed || w->swarm.wild)
        return;
    if (l->promises_count == PROMISES_MAX)
        forget_kept(w, l);
    bool closing = is_closing(w, c);
    if (l->promises_count == PROMISES_MAX && closing)
        return;
    if (l->promises_count == PROMISES_MAX)
        world_fail(w, "the ledger is too small");
    if (p.lot != 0)
        w->lots.lot[p.lot - 1].holders++;
    p.doubtful |= closing;
    *promise_at(l, l->promises_count++) = p;
}

static void promise_drop(struct world *w, struct ledger *l) {
    lot_drop(w, promise_at(l, 0)->lot);
    l->promises_first = (l->promises_first + 1) % PROMISES_MAX;
    l->promises_count--;
}

// ---- Subscriptions ------------------------------------------------------------------------------

static void strike(struct world *w, struct cable *c, uint32_t sid) {
    struct subscription *s = &c->ledger.subscriptions[sid];
    struct roster *roster = &w->sites[c->site].roster;
    if (!s->active)
        return;
    if (s->next != 0)
        subscription_of(w, s->next)->prev = s->prev;
    if (s->prev != 0)
        subscription_of(w, s->prev)->next = s->next;
    else
        roster->head[s->pattern] = s->next;
    if (roster->head[s->pattern] == 0)
        roster->active[s->pattern / 64] &= ~((uint64_t)1 << s->pattern % 64);
    s->active = false;
    c->ledger.active--;
}

static void enter(struct world *w, struct cable *c, const struct order *o) {
    struct subscription *s = &c->ledger.subscriptions[o->sid];
    struct roster *roster = &w->sites[c->site].roster;
    uint32_t self = reference_of(w, c, o->sid);
    *s = (struct subscription){
        .active = true, .pattern = o->subject, .queue = o->queue, .next = roster->head[o->subject]};
    if (s->next != 0)
        subscription_of(w, s->next)->prev = self;
    roster->head[o->subject] = self;
    roster->active[o->subject / 64] |= (uint64_t)1 << o->subject % 64;
    c->ledger.active++;
}

// Whether the broker has it: only where pools are scarce may it have refused.
static bool was_accepted(const struct world *w, const struct cable *c, const struct order *o) {
    const struct midge *m = &w->sites[c->site].m;
    uint8_t digits[2] = {(uint8_t)('0' + o->sid / 10), (uint8_t)('0' + o->sid % 10)};
    return subs_find(m, (uint16_t)midge_slot(c->conn), digits, 2) != 0;
}

static void subscribe(struct world *w, struct cable *c, const struct order *o) {
    if (c->ledger.user != NULL && !rights_allow(c->ledger.user->subscribe, o->subject)) {
        promise(w, c, (struct promise){.kind = PROMISE_VIOLATION, .id = o->id});
        return;
    }
    if (c->ledger.subscriptions[o->sid].active)
        return;
    // Of who is cut off it can no longer be told, and need not: nothing is certain for it.
    if (is_closing(w, c) || was_accepted(w, c, o)) {
        enter(w, c, o);
        return;
    }
    if (!w->sites[c->site].scarce && !w->swarm.wild)
        world_fail(w, "a subscription was refused where there is room");
    promise(w, c, (struct promise){.kind = PROMISE_REFUSAL, .id = o->id});
}

static void unsubscribe(struct world *w, struct cable *c, const struct order *o) {
    struct subscription *s = &c->ledger.subscriptions[o->sid];
    if (!s->active)
        return;
    if (o->max > s->delivered) {
        s->max = o->max;
        return;
    }
    strike(w, c, o->sid);
    char sid[2] = {(char)('0' + o->sid / 10), (char)('0' + o->sid % 10)};
    chronicle_strike(w, c, sid, 2);
}

// ---- Publications -------------------------------------------------------------------------------

struct publishing {
    const struct order *order;
    struct cable *from;
    uint32_t receivers;
    bool doubtful;  // whether there are any
    uint16_t lot[QUEUES_MAX];
};

static struct promise message(const struct order *o, const struct cable *to, uint32_t sid) {
    bool strip = o->header_bytes > 0 && !to->ledger.headers;
    return (struct promise){.kind = PROMISE_MESSAGE,
                            .id = o->id,
                            .subject = o->subject,
                            .reply = o->reply,
                            .sid = (uint8_t)sid,
                            .bytes = (uint16_t)(o->bytes - (strip ? o->header_bytes : 0)),
                            .header_bytes = strip ? 0 : o->header_bytes};
}

static void to_subscription(struct world *w, struct publishing *p, uint32_t reference) {
    struct cable *to = cable_of(w, reference);
    struct subscription *s = subscription_of(w, reference);
    uint32_t sid = (reference - 1) % SIDS_MAX;
    if (to == p->from && !to->ledger.echo)
        return;
    if (to->ledger.user != NULL && !rights_allow(to->ledger.user->receive, p->order->subject))
        return;
    struct promise made = message(p->order, to, sid);
    // The application is not cut off where it has no room: it misses the message.
    bool closing = is_closing(w, to) || (to->kind == MIDGE_LOCAL && !w->swarm.clean);
    made.doubtful = closing;
    if (s->queue > 0) {
        uint16_t *lot = &p->lot[s->queue - 1];
        if (*lot == 0)
            *lot = lot_take(w);
        if (*lot == 0)
            world_fail(w, "too few lots");
        made.lot = *lot;
        made.doubtful = true;
        w->lots.lot[*lot - 1].excused |= closing;
    }
    p->receivers++;
    p->doubtful |= closing;
    promise(w, to, made);
    if (s->queue == 0 && ++s->delivered == s->max)
        strike(w, to, sid);
}

uint32_t ledger_receivers(struct world *w, const struct cable *c, uint32_t subject) {
    const struct roster *roster = &w->sites[c->site].roster;
    uint32_t n = 0;
    for (uint32_t pattern = 0; pattern < SUBJECTS_MAX; pattern++) {
        if (w->subjects.matching[subject][pattern / 64] >> pattern % 64 & 1) {
            for (uint32_t r = roster->head[pattern]; r != 0; r = subscription_of(w, r)->next)
                n++;
        }
    }
    return n;
}

bool ledger_reaches(struct world *w, const struct cable *c, uint32_t subject,
                    const struct cable *to) {
    for (uint32_t sid = 0; sid < SIDS_MAX && to->site == c->site; sid++) {
        const struct subscription *s = &to->ledger.subscriptions[sid];
        if (s->active && (w->subjects.matching[subject][s->pattern / 64] >> s->pattern % 64 & 1))
            return true;
    }
    return false;
}

static void publish(struct world *w, struct cable *c, const struct order *o) {
    if (c->ledger.user != NULL && !rights_allow(c->ledger.user->publish, o->subject)) {
        promise(w, c, (struct promise){.kind = PROMISE_VIOLATION, .id = o->id});
        return;
    }
    // Hostile clients subscribe too, and not to the ledger's knowledge.
    struct publishing p = {.order = o, .from = c, .doubtful = w->swarm.hostile > 0};
    struct roster *roster = &w->sites[c->site].roster;
    for (uint32_t word = 0; word < SUBJECTS_MAX / 64; word++) {
        uint64_t bits = roster->active[word] & w->subjects.matching[o->subject][word];
        for (; bits != 0; bits &= bits - 1) {
            uint32_t pattern = word * 64 + (uint32_t)__builtin_ctzll(bits);
            for (uint32_t r = roster->head[pattern], next; r != 0; r = next) {
                next = subscription_of(w, r)->next;
                to_subscription(w, &p, r);
            }
        }
    }
    // A lot that every member was denied to hold is nobody's.
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        if (p.lot[i] != 0 && w->lots.lot[p.lot[i] - 1].holders == 0) {
            w->lots.lot[p.lot[i] - 1] = (struct lot){.holders = 1, .excused = true};
            lot_drop(w, p.lot[i]);
        }
    }
    bool wants = o->reply > 0 && c->ledger.no_responders && (p.receivers == 0 || p.doubtful);
    if (!wants)
        return;
    for (uint32_t sid = 0; sid < SIDS_MAX; sid++) {
        const struct subscription *s = &c->ledger.subscriptions[sid];
        uint64_t matching = w->subjects.matching[o->reply - 1][s->pattern / 64];
        if (!s->active || s->queue > 0 || !(matching >> s->pattern % 64 & 1))
            continue;
        c->ledger.unsure |= p.doubtful;
        promise(w, c,
                (struct promise){.kind = PROMISE_NOBODY,
                                 .id = o->id,
                                 .subject = (uint8_t)(o->reply - 1),
                                 .doubtful = c->ledger.unsure});
        return;
    }
}

// ---- Who it is ----------------------------------------------------------------------------------

// A CONNECT names a user, or nobody; since it was written, that may have become wrong.
static void meet(struct world *w, struct cable *c, const struct order *o) {
    struct rights *rights = &w->sites[c->site].rights;
    // A user of a list may be the single one too.
    bool token = o->queue == 1 + DOOR_TOKEN;
    bool known = o->queue > 0 && token == (rights->door == DOOR_TOKEN) && o->sid < rights->users &&
                 rights->user[o->sid].secret == o->max;
    c->ledger.impostor |= rights->users > 0 && !known;
    c->ledger.user = known ? &rights->user[o->sid] : NULL;
}

void ledger_recheck(struct world *w, struct cable *c) {
    struct ledger *l = &c->ledger;
    if (w->sites[c->site].rights.users == 0)
        l->user = NULL;
    if (l->user == NULL)
        return;
    for (uint32_t sid = 0; sid < SIDS_MAX; sid++) {
        const struct subscription *s = &l->subscriptions[sid];
        if (!s->active || rights_allow(l->user->subscribe, s->pattern))
            continue;
        strike(w, c, sid);
        promise(w, c, (struct promise){.kind = PROMISE_VIOLATION, .id = ++w->next_id});
    }
}

// ---- Orders -------------------------------------------------------------------------------------

static void execute(struct world *w, struct cable *c, const struct order *o) {
    switch (o->verb) {
    case ORDER_CONNECT:
        c->ledger.echo = o->bytes & 1;
        c->ledger.headers = o->bytes & 2;
        c->ledger.no_responders = o->bytes & 4;
        if (!is_closing(w, c)) {
            const char *wrong = greeting_known(w, c, &c->manners);
            if (wrong != NULL)
                world_fail(w, wrong);
        }
        meet(w, c, o);
        if (c->ledger.impostor && w->sites[c->site].rights.users > 0 && !is_closing(w, c))
            world_fail(w, "a client was admitted whose password is wrong");
        break;
    case ORDER_SUB:
        subscribe(w, c, o);
        break;
    case ORDER_UNSUB:
        unsubscribe(w, c, o);
        break;
    case ORDER_PUB:
        // Of who is cut off for want of room, what came last was not published.
        if (c->ledger.published++ < w->sites[c->site].m.connections[midge_slot(c->conn)].in_msgs)
            publish(w, c, o);
        break;
    case ORDER_PING:
        promise(w, c, (struct promise){.kind = PROMISE_PONG, .id = o->id});
        break;
    default:
        break;
    }
}

void ledger_execute(struct world *w, struct cable *c) {
    struct ledger *l = &c->ledger;
    while (l->orders_count > 0 && l->orders[l->orders_first].end <= c->up.taken) {
        struct order o = l->orders[l->orders_first];
        l->orders_first = (l->orders_first + 1) % ORDERS_MAX;
        l->orders_count--;
        chronicle_hear(w, c, o.end);
        pulse_order(&c->pulse, w->sites[c->site].m.now.us, &o);
        execute(w, c, &o);
    }
}

void ledger_subscribe(struct world *w, struct cable *c, uint32_t sid, uint32_t pattern,
                      uint32_t queue) {
    enter(
        w, c,
        &(struct order){.sid = (uint8_t)sid, .subject = (uint8_t)pattern, .queue = (uint8_t)queue});
}

void ledger_unsubscribe(struct world *w, struct cable *c, uint32_t sid) {
    strike(w, c, sid);
    // What waits for a handler is dropped with it.
    struct ledger *l = &c->ledger;
    for (uint32_t i = 0; i < l->promises_count; i++) {
        struct promise *p = promise_at(l, i);
        if (p->sid != sid)
            continue;
        p->doubtful = true;
        p->reply = p->sid = SIDS_MAX;
        if (p->lot != 0)
            w->lots.lot[p->lot - 1].excused = true;
    }
}

void ledger_publish(struct world *w, struct cable *c, const struct order *o) {
    publish(w, c, o);
}

void ledger_settle(struct world *w, struct cable *c) {
    struct ledger *l = &c->ledger;
    for (uint32_t i = 0; i < l->promises_count; i++) {
        if (!promise_at(l, i)->doubtful)
            world_fail(w, "a message is missing");
    }
    ledger_drop(w, l);
}

void ledger_close(struct world *w, struct cable *c) {
    struct ledger *l = &c->ledger;
    for (uint32_t sid = 0; sid < SIDS_MAX; sid++)
        strike(w, c, sid);
    l->orders_count = 0;
    for (uint32_t i = 0; i < l->promises_count; i++) {
        struct promise *p = promise_at(l, i);
        p->doubtful = true;
        if (p->lot != 0)
            w->lots.lot[p->lot - 1].excused = true;
    }
    l->closed = true;
}

void ledger_drop(struct world *w, struct ledger *l) {
    while (l->promises_count > 0)
        promise_drop(w, l);
}

// ---- Reading ------------------------------------------------------------------------------------

static bool is_kept(const struct world *w, const struct promise *p, const struct reading *r) {
    if (p->kind != r->kind)
        return false;
    if (p->kind >= PROMISE_PONG)
        return true;
    const struct subject *subject = &w->subjects.subject[p->subject];
    if (r->subject_bytes != subject->bytes ||
        memcmp(r->subject, subject->text, subject->bytes) != 0)
        return false;
    if (p->kind == PROMISE_NOBODY)
        return true;
    const struct subject *reply = p->reply > 0 ? &w->subjects.subject[p->reply - 1] : NULL;
    uint32_t reply_bytes = reply != NULL ? reply->bytes : 0;
    if (p->sid != r->sid || p->bytes != r->bytes || p->header_bytes != r->header_bytes ||
        reply_bytes != r->reply_bytes ||
        (reply_bytes > 0 && memcmp(r->reply, reply->text, reply_bytes) != 0))
        return false;
    uint32_t body = p->bytes - p->header_bytes;
    return memcmp(r->payload + p->header_bytes, ledger_filler(w, p->id), body) == 0;
}

static const char *const unowed[] = {
    [PROMISE_MESSAGE] = "a message came that nobody owes, or out of order",
    [PROMISE_NOBODY] = "no responders were reported where there were some",
    [PROMISE_PONG] = "a PONG came out of order",
    [PROMISE_REFUSAL] = "a subscription was refused that nobody asked for",
    [PROMISE_VIOLATION] = "a violation was reported where there is none",
};

const char *ledger_read(struct world *w, struct cable *c, const struct reading *r,
                        struct promise *kept) {
    struct ledger *l = &c->ledger;
    *kept = (struct promise){0};
    if (w->swarm.wild)
        return NULL;
    while (l->promises_count > 0) {
        // Those of one publication may come in any order.
        uint32_t id = promise_at(l, 0)->id;
        uint32_t i = 0;
        bool needed = false;
        for (; i < l->promises_count && promise_at(l, i)->id == id; i++) {
            needed = needed || !promise_at(l, i)->doubtful;
            if (is_kept(w, promise_at(l, i), r))
                break;
        }
        if (i < l->promises_count && promise_at(l, i)->id == id) {
            *kept = *promise_at(l, i);
            if (kept->lot != 0) {
                if (w->lots.lot[kept->lot - 1].kept)
                    return "a queue group got a message twice";
                w->lots.lot[kept->lot - 1].kept = true;
            }
            for (; i > 0; i--) {
                struct promise moved = *promise_at(l, i);
                *promise_at(l, i) = *promise_at(l, i - 1);
                *promise_at(l, i - 1) = moved;
            }
            promise_drop(w, l);
            return NULL;
        }
        if (needed)
            break;
        promise_drop(w, l);
    }
    return unowed[r->kind];
}
