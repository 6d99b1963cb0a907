#include "sim/cable.h"

#include <string.h>

#include "sim/actor.h"
#include "sim/site.h"
#include "sim/world.h"

static uint32_t number_of(const struct world *w, const struct cable *c) {
    return (uint32_t)(c - w->cables);
}

static void plan(struct world *w, const struct cable *c, uint32_t slot, uint32_t more_us) {
    uint32_t wait = c->delay_us + dice_drift(&w->dice, c->jitter_us + 1) + more_us;
    agenda_plan(&w->agenda, slot + number_of(w, c), w->now_us + wait);
}

// ---- Addresses ----------------------------------------------------------------------------------

// Where a client comes from: IPv4, IPv6 with zeros anywhere, or nowhere.
static void address(struct midge_peer *peer, struct dice *d, uint32_t number) {
    *peer = (struct midge_peer){.port = (uint16_t)(dice_roll(d) | 1)};
    uint32_t way = dice_below(d, 8);
    peer->ip_bytes = way == 0 ? 0 : way < 5 ? 4 : 16;
    peer->ip[0] = way < 5 ? 10 : 0x20;
    for (uint32_t i = 1; i < peer->ip_bytes; i++) {
        bool zero = dice_once_in(d, 2) || (i > 0 && peer->ip_bytes == 16 && dice_once_in(d, 3));
        peer->ip[i] = zero ? 0 : (uint8_t)dice_roll(d);
    }
    if (peer->ip_bytes > 0)
        peer->ip[peer->ip_bytes - 1] = (uint8_t)number;
}

// ---- Life ---------------------------------------------------------------------------------------

struct cable *cable_open(struct world *w, uint32_t actor) {
    struct dice *d = &w->dice;
    const struct swarm *swarm = &w->swarm;
    uint32_t i = 0;
    while (i < CABLES_MAX && w->cables[i].used)
        i++;
    if (i == CABLES_MAX)
        return NULL;
    struct cable *c = &w->cables[i];
    const struct actor *a = &w->actors[actor];
    memset(c, 0, offsetof(struct cable, up));
    c->up.written = c->up.arrived = c->up.taken = 0;
    c->down.written = c->down.arrived = c->down.taken = 0;
    c->chronicle.cid = 0;
    ledger_open(&c->ledger);
    c->used = c->client_open = true;
    c->site = a->site;
    c->actor = (uint16_t)actor;
    c->kind = a->kind == ACTOR_SCRAPER ? MIDGE_MONITOR : MIDGE_CLIENT;
    if (swarm->wild && a->kind == ACTOR_HOSTILE && dice_once_in(d, 4))
        c->kind = MIDGE_MONITOR;
    c->delay_us = dice_around(d, swarm->delay_us);
    c->jitter_us = swarm->jitter_us;
    c->run_max = dice_once_in(d, 8) ? 1 : dice_between(d, 1, swarm->run_max);
    if (swarm->clean || swarm->siege)
        c->run_max = swarm->run_max;
    c->window = swarm->window;
    c->healthy = a->kind == ACTOR_GOOD || a->kind == ACTOR_HOSTILE || a->kind == ACTOR_EXAMINER;
    if (a->kind == ACTOR_SLOW || a->kind == ACTOR_DEAF)
        c->gap_us = a->kind == ACTOR_DEAF ? 3600000000u : dice_between(d, 1000, 3000000);
    // A page that is read by and by tells of those who leave meanwhile.
    if (a->kind == ACTOR_SCRAPER && dice_once_in(d, 2))
        c->gap_us = 1 + dice_drift(d, swarm->think_us < 100000 ? swarm->think_us * 4 : 400000);
    c->waiting_since_us = w->now_us;
    address(&c->peer, d, actor);
    c->far = FAR_COMING;
    plan(w, c, SLOT_UP, 0);
    return c;
}

// A cable is free once both ends are closed and nothing is on its way.
static void drop(struct world *w, struct cable *c) {
    if (c->client_open || c->far != FAR_ENDED)
        return;
    struct ledger *l = &c->ledger;
    ledger_close(w, c);
    ledger_drop(w, l);
    for (uint32_t slot = SLOT_UP; slot < SLOT_COUNT; slot += CABLES_MAX)
        agenda_cancel(&w->agenda, slot + number_of(w, c));
    c->used = false;
}

void cable_end(struct world *w, struct cable *c, bool reset) {
    c->far = FAR_ENDED;
    c->conn = MIDGE_NONE;
    c->blocked = c->paused = false;
    if (reset) {
        c->cut = true;
        c->down.written = c->down.arrived;
    }
    plan(w, c, SLOT_DOWN, 0);
    drop(w, c);
}

void cable_leave(struct world *w, struct cable *c, enum leave how) {
    c->client_open = false;
    c->healthy = false;
    if (how == LEAVE_SILENT && !c->dead) {
        c->dead = true;
        c->dead_since_us = w->now_us;
    }
    c->hang_up = how == LEAVE_END;
    c->reset = how == LEAVE_RESET;
    plan(w, c, SLOT_UP, 0);
    drop(w, c);
}

void cable_lose(struct world *w, const struct site *s) {
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        if (!c->used || &w->sites[c->site] != s || c->kind == MIDGE_LOCAL || c->far != FAR_OPEN ||
            c->dead)
            continue;
        c->dead = true;
        c->dead_since_us = w->now_us;
        c->healthy = false;
    }
}

// ---- Pipes --------------------------------------------------------------------------------------

void cable_write(struct pipe *p, const uint8_t *bytes, uint32_t n) {
    uint32_t at = (uint32_t)(p->written % PIPE_BYTES);
    uint32_t first = n < PIPE_BYTES - at ? n : PIPE_BYTES - at;
    memcpy(p->bytes + at, bytes, first);
    memcpy(p->bytes, bytes + first, n - first);
    p->written += n;
}

const uint8_t *cable_run(const struct pipe *p, uint64_t from, uint64_t to, uint32_t *n) {
    uint32_t at = (uint32_t)(from % PIPE_BYTES);
    uint32_t left = (uint32_t)(to - from);
    *n = left < PIPE_BYTES - at ? left : PIPE_BYTES - at;
    return p->bytes + at;
}

bool cable_holds(const struct pipe *p, uint64_t at, const uint8_t *bytes, uint32_t n) {
    while (n > 0) {
        uint32_t part;
        const uint8_t *held = cable_run(p, at, at + n, &part);
        if (memcmp(held, bytes, part) != 0)
            return false;
        at += part;
        bytes += part;
        n -= part;
    }
    return true;
}

void cable_flow(struct world *w, struct cable *c, struct pipe *p) {
    // A window that is full opens by what is taken.
    bool full = p == &c->up && p->arrived - p->taken == c->window;
    if (p->arrived < p->written && !full)
        plan(w, c, p == &c->up ? SLOT_UP : SLOT_DOWN, p == &c->up ? 0 : c->gap_us);
}

// ---- Events -------------------------------------------------------------------------------------

// Whether a site's link is down, until when the event waits.
static bool is_held(struct world *w, const struct cable *c, uint32_t slot) {
    uint64_t back_us = w->sites[c->site].link_back_us;
    if (back_us > w->now_us)
        plan(w, c, slot, (uint32_t)(back_us - w->now_us));
    return back_us > w->now_us;
}

// The rest of what is in a pipe follows n bytes.
static void follow(struct world *w, const struct cable *c, uint32_t slot, uint32_t n,
                   uint32_t more_us) {
    uint64_t wait_us = 1 + c->jitter_us / 8 + (uint64_t)n * w->swarm.byte_ns / 1000 + more_us;
    agenda_plan(&w->agenda, slot + number_of(w, c), w->now_us + wait_us);
}

static uint32_t run_of(struct world *w, const struct cable *c, const struct pipe *p) {
    uint32_t left = (uint32_t)(p->written - p->arrived);
    uint32_t n = c->run_max == 1 ? 1 : 1 + dice_drift(&w->dice, c->run_max);
    return n < left ? n : left;
}

void cable_up(struct world *w, struct cable *c) {
    if (c->dead || c->far == FAR_ENDED || is_held(w, c, SLOT_UP))
        return;
    // What the site's stack has no room for waits until it has.
    uint32_t room = c->window - (uint32_t)(c->up.arrived - c->up.taken);
    uint32_t n = run_of(w, c, &c->up);
    if (c->up.arrived == c->up.taken)
        c->waiting_since_us = w->now_us;
    c->up.arrived += n < room ? n : room;
    site_wake(w, c);
    if (c->up.arrived < c->up.written && n < room)
        follow(w, c, SLOT_UP, n, 0);
}

void cable_down(struct world *w, struct cable *c) {
    if (c->dead || is_held(w, c, SLOT_DOWN))
        return;
    if (!c->client_open) {
        // Nobody is there: what arrives is answered by a reset.
        c->down.arrived = c->down.written;
        c->reset = true;
        if (c->far != FAR_ENDED)
            site_wake(w, c);
        else
            drop(w, c);
        return;
    }
    uint32_t n = run_of(w, c, &c->down);
    uint64_t from = c->down.arrived;
    c->down.arrived += n;
    while (from < c->down.arrived && c->client_open) {
        uint32_t part;
        const uint8_t *bytes = cable_run(&c->down, from, c->down.arrived, &part);
        w->hash = (w->hash ^ bytes[part / 2] ^ (uint64_t)part << 8) * 0x100000001b3;
        actor_read(w, c, bytes, part);
        from += part;
    }
    if (!c->client_open)
        return;
    plan(w, c, SLOT_ACK, 0);
    if (c->down.arrived < c->down.written) {
        follow(w, c, SLOT_DOWN, n, c->gap_us);
    } else if (c->far == FAR_ENDED) {
        actor_ended(w, c);
        c->client_open = false;
        drop(w, c);
    }
}

void cable_ack(struct world *w, struct cable *c) {
    if (!c->dead && c->far == FAR_OPEN && !is_held(w, c, SLOT_ACK))
        site_wake(w, c);
}
