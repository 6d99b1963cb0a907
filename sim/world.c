#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/actor.h"
#include "sim/application.h"
#include "sim/cable.h"
#include "sim/operator.h"
#include "sim/site.h"

#ifndef COMMIT
#define COMMIT "unknown"
#endif

#define WALL_US 1600000000000000u  // some day in 2020
#define LINK_MS_MAX 20000u

// ---- From a seed --------------------------------------------------------------------------------

// Most seeds leave most faults out: what few faults do together shows best where no other disturbs.
static uint32_t maybe(struct dice *d, uint32_t in, uint32_t low, uint32_t high) {
    return dice_once_in(d, in) ? dice_between(d, low, high) : 0;
}

#define REWRITE_MAX 200000u  // a few hundred of them are less than a minute

static void choose(struct swarm *s, struct dice *d) {
    static const uint32_t thoughts_us[] = {50, 200, 1000, 5000, 100000, 5000000, 30000000};
    static const uint32_t delays_us[] = {1, 50, 500, 5000, 100000};
    static const uint32_t windows[] = {64, 536, 1460, 4096, 8192, 16384};
    static const uint32_t payloads[] = {16, 64, 256, 1024, 1400};
    // Only a fuzzer finds words that do harm.
    s->wild = d->left > 0 && dice_once_in(d, 2);
    s->sites = dice_between(d, 1, SITES_MAX);
    s->actors = dice_once_in(d, 4) ? dice_between(d, 20, ACTORS_MAX) : dice_between(d, 2, 16);
    s->think_us = thoughts_us[dice_below(d, 7)];
    s->turn_us = dice_between(d, 0, 200);
    s->delay_us = delays_us[dice_below(d, 5)];
    s->jitter_us = dice_below(d, s->delay_us + 1);
    s->run_max = dice_once_in(d, 8) ? 1 : dice_between(d, 16, 2000);
    s->window = windows[dice_below(d, 6)];
    s->payload_max = payloads[dice_below(d, 5)];
    s->subscriptions = dice_between(d, 1, SIDS_MAX - 1);
    s->queues = maybe(d, 2, 10, 80);
    s->resubscribe = dice_between(d, 2, 30);
    s->request = maybe(d, 2, 2, 10);
    s->partial_send = maybe(d, 2, 2, 10);
    s->late_release = dice_once_in(d, 2);
    s->verbose = dice_once_in(d, 4);
    s->users = dice_once_in(d, s->queues > 0 ? 2 : 4);
    s->application = maybe(d, 3, 2, 100);
    s->reload = maybe(d, 4, 5, 60);
    s->control_line_max = dice_between(d, 512, MIDGE_CONTROL_LINE_MAX);
    s->subscriptions_max = dice_between(d, SIDS_MAX, SIDS_MAX + 6);
    s->block_bytes = dice_once_in(d, 2) ? MIDGE_BLOCK_BYTES : dice_between(d, 128, 600);
    s->stall_ms = dice_once_in(d, 2) ? MIDGE_STALL_MS : dice_between(d, 10, 2000);
    s->payload_idle_ms = dice_once_in(d, 2) ? MIDGE_PAYLOAD_IDLE_MS : dice_between(d, 3000, 10000);
    s->tokens_max = dice_once_in(d, 2) ? MIDGE_TOKENS_MAX - 1 : 0;
    s->doors = dice_once_in(d, 2);
    s->rehearsal = maybe(d, 2, 100, 1000);
    s->siege = !s->wild && dice_once_in(d, 8);
    if (s->siege) {
        s->sites = 1;
        s->actors = dice_between(d, 8, 16);
        s->think_us = dice_between(d, 20000, 100000);
        s->stall_ms = dice_between(d, 5, 60);
        s->payload_max = payloads[dice_between(d, 2, 4)];
        s->resubscribe = 4;
        s->window = windows[dice_between(d, 1, 2)];
        s->run_max = dice_between(d, 200, 2000);
        s->delay_us = s->jitter_us = 50;
    }
    s->fate_us = s->think_us < 5000 ? s->think_us * dice_between(d, 10, 200) : 1000000;
    s->wall_jump = maybe(d, 4, 1, 100);
    s->examiner = s->wild ? 0 : maybe(d, 2, 5, 30);
    s->clean = !s->wild && !s->siege && dice_once_in(d, 4);
    if (s->clean) {
        s->doors = false;
        s->window = windows[dice_between(d, 3, 5)];
        s->delay_us = s->delay_us > 500 ? 500 : s->delay_us;
        s->jitter_us = s->jitter_us > 500 ? 500 : s->jitter_us;
        s->think_us = s->think_us < s->actors * 1000 ? s->actors * 1000 : s->think_us;
        s->run_max = dice_between(d, 500, 2000);
        return;
    }
    // Then one message may be all that may wait for a client, as examiners know.
    if (!s->siege && dice_once_in(d, s->examiner > 0 ? 3 : 8))
        s->payload_max = 8000;
    s->slow = maybe(d, 2, 5, 30);
    s->deaf = s->siege ? maybe(d, 2, 20, 50) : maybe(d, 3, 5, 30);
    s->hostile = s->wild ? dice_between(d, 10, 90) : maybe(d, 3, 5, 30);
    s->scraper = maybe(d, 3, 5, 30);
    // A caller could not know whether it is welcome.
    s->doors &= s->reload > 0;
    s->caller = s->doors ? 0 : maybe(d, 2, 5, 30);
    s->hang_up = maybe(d, 2, 5, 500);
    s->vanish = maybe(d, 3, 5, 200);
    s->power_cut = maybe(d, 4, 1, 300);
    s->retire = maybe(d, 6, 20, 300);
    s->pool_failure = maybe(d, 4, 1, 10);
    s->byte_ns = maybe(d, 4, 10, 100000);
    s->link_cut = maybe(d, 4, 5, 300);
    s->doze = maybe(d, 4, 5, 100);
    s->rewrite_us = maybe(d, 3, 5, 200) * (s->think_us < REWRITE_MAX ? s->think_us : REWRITE_MAX);
    s->tear = maybe(d, 2, 1, 10);
    if (s->scraper > 0)
        s->wall_jump = 0;  // a page may take longer than from one setting to the next
    // What a board finds in its flash, or a client says when it is heard at last, may be of doors
    // that are no more.
    if (s->doors)
        s->rewrite_us = s->link_cut = 0;
    if (s->scraper > 0 && s->block_bytes < 512)
        s->block_bytes = 512;  // what is wrong with a request is said in one block
    s->exact = !s->wild && dice_once_in(d, 2);
    if (s->siege)
        s->scraper = s->caller = s->examiner = 0;
    if (s->exact) {
        // Who examines to the letter expects a loop that runs, and to keep its rights.
        s->doors = false;
        s->caller = s->retire = s->doze = s->link_cut = s->byte_ns = s->rewrite_us = 0;
    } else {
        s->examiner = 0;
    }
    if (s->wild) {
        // Nobody knows what pages, the log and callers have to expect.
        s->doors = false;
        s->scraper = s->caller = s->retire = 0;
    }
}

static enum actor_kind kind_of(const struct swarm *s, struct dice *d) {
    uint32_t roll = dice_below(d, 100);
    const uint32_t share[] = {s->slow, s->deaf, s->hostile, s->scraper, s->caller, s->examiner};
    const enum actor_kind kinds[] = {ACTOR_SLOW,    ACTOR_DEAF,   ACTOR_HOSTILE,
                                     ACTOR_SCRAPER, ACTOR_CALLER, ACTOR_EXAMINER};
    for (uint32_t i = 0; i < sizeof share / sizeof share[0]; i++) {
        if (roll < share[i])
            return kinds[i];
        roll -= share[i];
    }
    return ACTOR_GOOD;
}

// Just before the ends of a year, of February in leap years and others, and of a century.
static const uint32_t turns_of_time[] = {946684795, 951782395, 1109635195, 4102444795, 4107542395};

// What payloads are made of, the same in every world.
static void fill(struct world *w) {
    struct dice d = {.state = 1};
    for (uint32_t i = 0; i < sizeof w->filler; i++)
        w->filler[i] = (uint8_t)dice_roll(&d);
    w->filled = true;
}

void world_begin(struct world *w, uint64_t seed, const uint8_t *input, uint32_t bytes) {
    // Large members need no clearing: they are used only as far as they are filled.
    memset(w, 0, offsetof(struct world, lots));
    w->lots.free = w->lots.fresh = 0;
    if (!w->filled)
        fill(w);
    w->seed = seed;
    w->dice = (struct dice){seed * 0x9e3779b97f4a7c15u, input, bytes};
    struct dice *d = &w->dice;
    choose(&w->swarm, d);
    struct dice own = {.state = dice_roll(d)};
    subjects_make(&w->subjects, &own, w->swarm.examiner == 0);
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        w->cables[i].used = false;
        w->cables[i].chronicle.cid = 0;
    }
    for (uint32_t i = 0; i < w->swarm.sites; i++) {
        struct site *s = &w->sites[i];
        memset(s, 0, offsetof(struct site, configs));
        // A board that small has no room for larger payloads.
        s->small = !w->swarm.clean && w->swarm.payload_max <= 1400 && dice_once_in(d, 2);
        // And some hubs have few blocks for what they let clients leave.
        if (!w->swarm.clean && !s->small && w->swarm.payload_max <= 1400 &&
            (w->swarm.siege || dice_once_in(d, 3)))
            s->blocks = 2 * w->swarm.actors + dice_between(d, 2000, 8000) / w->swarm.block_bytes;
        s->scarce = s->small || s->blocks > 0 || w->swarm.pool_failure > 0;
        s->flashed = s->small && w->swarm.rewrite_us > 0;
        if (s->flashed)
            chip_make(w, s);
        if (w->swarm.users) {
            rights_make(&s->rights, &w->subjects, &own);
            if (w->swarm.examiner == 0)
                rights_narrow(&s->rights, &w->subjects, &own);
        }
        // Some clocks wrap within the first seconds.
        s->clock_us = (uint64_t)dice_roll(d) * 1000;
        if (dice_once_in(d, 4))
            s->clock_us = (UINT32_MAX - (uint64_t)dice_below(d, 60000)) * 1000;
        // Days from 1970 to 2106, and the ends of years and of leap days among them.
        s->wall_us = (uint64_t)dice_roll(d) * 1000000;
        s->wall_us += dice_below(d, 1000000);
        if (dice_once_in(d, 8))
            s->wall_us = 0;
        else if (dice_once_in(d, 4))
            s->wall_us = turns_of_time[dice_below(d, 5)] * 1000000ull;
        site_start(w, s);
    }
    for (uint32_t i = 0; i < w->swarm.actors; i++) {
        struct actor *a = &w->actors[i];
        memset(a, 0, offsetof(struct actor, input));
        a->kind = kind_of(&w->swarm, d);
        a->site = (uint8_t)dice_below(d, w->swarm.sites);
        agenda_plan(&w->agenda, SLOT_ACTOR + i, dice_drift(d, 1000000));
    }
    agenda_plan(&w->agenda, SLOT_FATE, w->swarm.fate_us);
}

// ---- Events -------------------------------------------------------------------------------------

// Some take of a pool will fail; of blocks nothing is left but what each is guaranteed, for a
// while.
static void fail_pool(struct world *w, struct site *s) {
    uint32_t i = dice_below(&w->dice, POOL_COUNT);
    struct pool *pool = &s->m.pools[i];
    if (i != POOL_blocks)
        pool->fail_in = dice_between(&w->dice, 1, 20);
    else
        pool->limit = (index_t)(pool->used + s->m.blocks_reserved);
}

static void heal_pools(struct site *s) {
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        s->m.pools[i].fail_in = 0;
    s->m.pools[POOL_blocks].limit = (index_t)s->m.config->limits.blocks;
}

static uint64_t while_from(struct world *w, uint32_t max_ms) {
    return w->now_us + 1 + (uint64_t)dice_around(&w->dice, w->swarm.fate_us) % (max_ms * 1000);
}

// Fate may strike each site.
static void strike(struct world *w) {
    struct dice *d = &w->dice;
    for (uint32_t i = 0; i < w->swarm.sites; i++) {
        struct site *s = &w->sites[i];
        heal_pools(s);
        if (!s->powered) {
            site_start(w, s);
        } else if (s->m.lame_duck) {
            site_retire(w, s);
        } else if (w->quiet) {
            continue;
        } else if (dice_once_in(d, w->swarm.power_cut)) {
            site_cut(w, s);
        } else if (dice_once_in(d, w->swarm.retire)) {
            site_retire(w, s);
        } else if (dice_once_in(d, w->swarm.reload)) {
            site_reload(w, s);
        } else if (dice_once_in(d, w->swarm.pool_failure)) {
            fail_pool(w, s);
        } else if (dice_once_in(d, w->swarm.link_cut)) {
            if (dice_once_in(d, 2))
                s->link_back_us = while_from(w, LINK_MS_MAX);
            else
                cable_lose(w, s);
        } else if (dice_once_in(d, w->swarm.doze)) {
            s->dozes_until_us = while_from(w, DOZE_MS_MAX);
        } else if (dice_once_in(d, w->swarm.wall_jump)) {
            s->wall_us = WALL_US + dice_roll(d) * (uint64_t)100000;
        }
    }
    agenda_plan(&w->agenda, SLOT_FATE, w->now_us + (w->quiet ? 1000000 : w->swarm.fate_us));
}

#define STILL_MAX 1000000  // events in one microsecond

bool world_step(struct world *w) {
    uint32_t slot;
    uint64_t at_us;
    if (!agenda_next(&w->agenda, &slot, &at_us))
        return false;
    if (at_us > w->now_us) {
        w->site_us += (at_us - w->now_us) * w->swarm.sites;
        w->now_us = at_us;
        w->still = 0;
    }
    if (++w->still == STILL_MAX)
        world_fail(w, "time stands still");
    w->trail[w->events % TRAIL_MAX].at_us = w->now_us;
    w->trail[w->events++ % TRAIL_MAX].slot = slot;
    w->hash = (w->hash ^ slot ^ w->now_us << 10) * 0x100000001b3;
    if (w->swarm.rehearsal > 0 && w->events % w->swarm.rehearsal == 0)
        operator_rehearse(w);
    if (slot >= SLOT_ACK)
        cable_ack(w, &w->cables[slot - SLOT_ACK]);
    else if (slot >= SLOT_DOWN)
        cable_down(w, &w->cables[slot - SLOT_DOWN]);
    else if (slot >= SLOT_UP)
        cable_up(w, &w->cables[slot - SLOT_UP]);
    else if (slot >= SLOT_ACTOR)
        actor_act(w, &w->actors[slot - SLOT_ACTOR]);
    else if (slot >= SLOT_CHIP)
        chip_act(w, &w->sites[slot - SLOT_CHIP]);
    else if (slot >= SLOT_SITE)
        site_turn(w, &w->sites[slot - SLOT_SITE]);
    else
        strike(w);
    return true;
}

// ---- The end ------------------------------------------------------------------------------------

#define SETTLE_US 900000000u  // longer than the last ping of a cable that is dead may take

static bool is_empty(const struct pipe *p) {
    return p->arrived == p->written && p->taken == p->written;
}

// Whether nothing is on its way, at the end: nor anybody connected.
static bool is_at_rest(const struct world *w) {
    for (uint32_t i = 0; i < w->swarm.sites; i++) {
        const struct midge *m = &w->sites[i].m;
        if (!w->sites[i].powered || m->connections[m->local].out.bytes > 0 || m->reap != 0 ||
            (w->ending && m->pools[POOL_connections].used > (m->local != 0)))
            return false;
    }
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        const struct cable *c = &w->cables[i];
        if (c->used && !c->dead && c->kind != MIDGE_LOCAL &&
            (c->far != FAR_OPEN || !c->client_open || c->ending || c->ledger.orders_count > 0 ||
             !is_empty(&c->up) || !is_empty(&c->down)))
            return false;
    }
    return true;
}

// A fuzzer has no time to wait for those who are dead.
static void come_to_rest(struct world *w) {
    uint64_t until = w->now_us + SETTLE_US;
    bool hurry = w->dice.loaded != NULL;
    while (w->now_us < until && world_step(w)) {
        if (hurry && w->events % 32 == 0 && is_at_rest(w))
            return;
    }
}

// Everybody who is still there has got all that is owed.
static void check_kept(struct world *w) {
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        if (w->cables[i].used && w->cables[i].dead)
            ledger_close(w, &w->cables[i]);
    }
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        if (!c->used || c->kind != MIDGE_CLIENT)
            continue;
        struct ledger *l = &c->ledger;
        if (w->actors[c->actor].kind == ACTOR_EXAMINER) {
            const char *wrong =
                c->client_open && !c->dead ? exam_settle(&w->actors[c->actor]) : NULL;
            if (wrong != NULL)
                world_fail(w, wrong);
            continue;
        }
        bool listens = c->client_open && !c->dead && w->actors[c->actor].kind != ACTOR_HOSTILE;
        // The answer to a ping may be on its way at any time.
        if (listens && l->orders_count > 0 && l->orders[l->orders_first].verb != ORDER_OTHER)
            world_fail(w, "a command was not taken");
        if (listens && w->actors[c->actor].oks > 0 && c->far == FAR_OPEN)
            world_fail(w, "an +OK is missing");
        if (listens)
            ledger_settle(w, c);
        ledger_drop(w, l);
    }
}

// All have left, and others who said nothing have displaced them in /connz: every pool is as it
// was.
static void check_empty(struct world *w, struct site *s) {
    const uint32_t kept[POOL_COUNT] = {
        [POOL_connections] = s->m.local != 0, [POOL_nodes] = 1, [POOL_texts] = 2};
    for (uint32_t i = 0; i <= MIDGE_CLOSED_MAX; i++) {
        midge_closed(&s->m, midge_open(&s->m, MIDGE_CLIENT, NULL), MIDGE_PEER_CLOSED);
        midge_turn(&s->m, s->m.now);
    }
    for (uint32_t i = 0; i < POOL_COUNT; i++) {
        if (s->m.pools[i].used != kept[i])
            world_fail(w, "a pool has leaked");
    }
}

void world_settle(struct world *w) {
    w->quiet = true;
    w->swarm.partial_send = 0;
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        if (c->used && c->gap_us > 0) {
            c->gap_us = 0;
            c->waiting_since_us = w->now_us;
            agenda_plan(&w->agenda, SLOT_DOWN + i, w->now_us);
        }
    }
    come_to_rest(w);
    check_kept(w);
    for (uint32_t i = 0; i < w->swarm.sites; i++)
        application_stop(w, &w->sites[i]);
    w->ending = true;
    for (uint32_t i = 0; i < w->swarm.sites; i++) {
        // Within a turn, as a port does it, so that the time is the present one.
        site_turn(w, &w->sites[i]);
        midge_stop(&w->sites[i].m);
        site_turn(w, &w->sites[i]);
    }
    come_to_rest(w);
    for (uint32_t i = 0; i < w->swarm.sites; i++)
        check_empty(w, &w->sites[i]);
}

void world_fail(const struct world *w, const char *what) {
    static const char *const names[] = {"fate", "site", "chip", "actor", "up", "down", "ack"};
    static const uint32_t first[] = {SLOT_FATE, SLOT_SITE, SLOT_CHIP, SLOT_ACTOR,
                                     SLOT_UP,   SLOT_DOWN, SLOT_ACK};
    uint64_t count = w->events < TRAIL_MAX ? w->events : TRAIL_MAX;
    for (uint64_t i = w->events - count; i < w->events; i++) {
        uint32_t slot = w->trail[i % TRAIL_MAX].slot;
        uint32_t kind = sizeof first / sizeof first[0] - 1;
        while (slot < first[kind])
            kind--;
        printf("%12llu us  %s %u\n", (unsigned long long)w->trail[i % TRAIL_MAX].at_us, names[kind],
               slot - first[kind]);
    }
    printf("seed %llu: FAILED at event %llu, commit %s: %s\n", (unsigned long long)w->seed,
           (unsigned long long)w->events, COMMIT, what);
    exit(1);
}
