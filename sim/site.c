#include "sim/site.h"

#include <stdio.h>
#include <string.h>

#include "sim/actor.h"
#include "sim/application.h"
#include "sim/cable.h"
#include "sim/doors.h"
#include "sim/watch.h"
#include "sim/world.h"

#define SPANS 3

static struct midge_now now_of(const struct world *w, const struct site *s) {
    uint64_t us = s->clock_us + w->now_us;
    return (struct midge_now){.us = us,
                              .ms = (uint32_t)(us / 1000),
                              .wall_us = s->wall_us > 0 ? s->wall_us + w->now_us : 0};
}

static void plan_turn(struct world *w, struct site *s, uint64_t in_us) {
    agenda_plan(&w->agenda, SLOT_SITE + (uint32_t)(s - w->sites), w->now_us + in_us);
}

// ---- Power --------------------------------------------------------------------------------------

// The broker's entropy has no argument, so it rolls dice of its own, set when a broker starts.
static struct dice entropy_dice;

static bool entropy(void *to, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        ((uint8_t *)to)[i] = (uint8_t)dice_roll(&entropy_dice);
    return true;
}

static bool no_entropy(void *to, uint32_t n) {
    (void)to;
    (void)n;
    return false;
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    if (severity != MIDGE_REMARK) {
        fprintf(stderr, "%s\n", line);
        world_fail(context, "a sound configuration was refused");
    }
}

uint32_t site_compose(struct world *w, struct site *s, char *text, uint32_t max) {
    struct dice *d = &w->dice;
    // What may wait for a client is no less than a message.
    uint32_t payload = w->swarm.payload_max;
    uint32_t least = w->swarm.clean ? 65000 : payload < 4096 ? 4096 : payload;
    uint32_t pending =
        dice_between(d, least, payload > 4096 || dice_once_in(d, 2) ? least + 60 : 65536);
    uint32_t ping_s = dice_between(d, 2, PING_MS_MAX / 1000);
    uint32_t pings = dice_between(d, 1, PINGS_MAX);
    uint32_t deadline_s = dice_between(d, 1, 10);
    bool debug = dice_once_in(d, 4);
    bool trace = dice_once_in(d, 8);
    int n =
        snprintf(text, max,
                 "max_payload: %u\nmax_pending: %u\nping_interval: \"%us\"\nping_max: %u\n"
                 "write_deadline: \"%us\"\nserver_name: sim\nport: 4222\nhttp: 8222\n"
                 "debug: %s\ntrace: %s\nlame_duck_duration: \"30s\"\n"
                 "max_control_line: %u\nmax_subscriptions: %u\n",
                 payload, pending, ping_s, pings, deadline_s, debug ? "true" : "false",
                 trace ? "true" : "false", w->swarm.control_line_max, w->swarm.subscriptions_max);
    n += snprintf(text + n, max - (uint32_t)n, "max_traced_msg_len: %u\n",
                  dice_once_in(d, 2) ? 0 : payload / 2);
    if (s->connections_max > 0)
        n += snprintf(text + n, max - (uint32_t)n, "max_connections: %u\n", s->connections_max);
    if (s->rights.users > 0)
        n += (int)rights_write(&s->rights, &w->subjects, text + n, max - (uint32_t)n);
    return (uint32_t)n;
}

static void configure(struct world *w, struct site *s, struct midge_config *config,
                      const char *text, uint32_t n) {
    struct midge_source source = {"sim.conf", text, n};
    struct midge_reading reading = {.complain = complain, .context = w};
    midge_config_defaults(config);
    config->entropy = entropy;
    config->max_sub_tokens = w->swarm.tokens_max;
    config->stall_ms = w->swarm.stall_ms;
    config->payload_idle_ms = w->swarm.payload_idle_ms;
    config->limits.block_bytes = w->swarm.block_bytes;
    if (s->blocks > 0)
        config->limits.blocks = s->blocks;
    if (s->small) {
        config->limits = (struct midge_limits){.connections = 15,
                                               .subscriptions = 104,
                                               .nodes = 120,
                                               .groups = 8,
                                               .texts = 116,
                                               .blocks = 38,
                                               .block_bytes = 256};
        config->max_connections = 12;
    }
    if (!midge_configure(config, &source, &reading) || !midge_config_complete(config, &reading))
        world_fail(w, "a sound configuration was refused");
}

// What only the port knows.
static const struct midge_pool stack = {"pcbs", 160, 40, 7, 12};
static const struct midge_host host = {.rss_bytes = 5000000000,
                                       .cpu_permille = 25,
                                       .cores = 2,
                                       .port = 4222,
                                       .http_port = 8222,
                                       .platform = "sim",
                                       .pools = &stack,
                                       .pools_count = 1};
// Makes zeros of what a broker has touched.
static void wipe(struct midge *m) {
#define X(name, type, max) \
    memset(m->name##_store, 0, (m->pools[POOL_##name].fresh + 1) * sizeof(type));
    MIDGE_POOLS(X)
#undef X
    memset(m, 0, offsetof(struct midge, connections_store));
}

void site_start(struct world *w, struct site *s) {
    char text[SETTINGS_TEXT_MAX];
    int32_t n = s->flashed ? chip_start(w, s, text) : -1;
    wipe(&s->m);
    s->in_msgs = s->out_msgs = s->last_cid = 0;
    s->slow_consumers = s->crowded = 0;
    s->ended = (struct tally){0};
    s->stale = MIDGE_NONE;
    memset(&s->roster, 0, sizeof s->roster);
    s->powered = true;
    s->config = 0;
    entropy_dice.state = dice_roll(&w->dice);
    if (n < 0)
        n = (int32_t)site_compose(w, s, text, sizeof text);
    configure(w, s, &s->configs[0], text, (uint32_t)n);
    if (dice_once_in(&w->dice, 16)) {
        s->configs[0].entropy = no_entropy;
        if (midge_init(&s->m, &s->configs[0], now_of(w, s)))
            world_fail(w, "a broker started without entropy");
        s->configs[0].entropy = entropy;
    }
    if (!midge_init(&s->m, &s->configs[0], now_of(w, s)))
        world_fail(w, "the broker did not start");
    // Some have had nearly as many nodes that came and went as they can count.
    if (dice_once_in(&w->dice, 4))
        s->m.generation = UINT32_MAX - dice_below(&w->dice, 30);
    s->generation = s->m.generation;
    s->nodes = s->m.pools[POOL_nodes].used;
    midge_host(&s->m, &host);
    chronicle_restart(w, s);
    application_start(w, s);
    plan_turn(w, s, 0);
}

void site_cut(struct world *w, struct site *s) {
    bool silent = dice_once_in(&w->dice, 2);
    application_end(w, s);
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        if (!c->used || &w->sites[c->site] != s || c->far == FAR_ENDED)
            continue;
        ledger_close(w, c);
        cable_end(w, c, true);
        if (silent)
            c->dead = true;
    }
    s->ready_count = 0;
    memset(s->is_ready, 0, sizeof s->is_ready);
    s->powered = false;
    agenda_cancel(&w->agenda, SLOT_SITE + (uint32_t)(s - w->sites));
    agenda_cancel(&w->agenda, SLOT_CHIP + (uint32_t)(s - w->sites));
    if (s->flashed)
        chip_cut(s);
}

// The longest that clients may be kept: the duration that is configured, and what cables take.
#define LAME_US 45000000u

void site_retire(struct world *w, struct site *s) {
    if (s->m.lame_duck) {
        if (midge_clients(&s->m) == 0)
            site_cut(w, s);
        else if (w->now_us - s->lame_since_us > LAME_US)
            world_fail(w, "a lame duck keeps its clients");
        return;
    }
    const uint32_t wanted = CONN_ASYNC_INFO | CONN_PONGED;
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        if (!c->used || &w->sites[c->site] != s || c->far != FAR_OPEN || c->kind != MIDGE_CLIENT)
            continue;
        uint32_t flags = s->m.connections[midge_slot(c->conn)].flags;
        c->awaits_end = (flags & (wanted | CONN_CLOSING)) == wanted;
    }
    midge_turn(&s->m, now_of(w, s));
    midge_lame_duck(&s->m);
    s->lame_since_us = w->now_us;
    plan_turn(w, s, 0);
}

// Who asks for pages knows what they must say, unless anybody may say anything to the broker.
static bool is_scraped(const struct world *w, const struct cable *c) {
    return c->kind == MIDGE_MONITOR && !w->swarm.wild;
}

// ---- Output -------------------------------------------------------------------------------------

// Whether all that wait are being resumed, from the first on.
static bool resumes(const struct midge *m) {
    return m->lists[LIST_STALLED].head == 0 || (m->turn != 0 && m->tried == 0);
}

// The stack has taken bytes: who waits for room is resumed, once nobody is crowded.
static void sent(struct world *w, struct site *s, struct cable *c, uint32_t n) {
    const struct midge *m = &s->m;
    const struct conn *conn = &m->connections[midge_slot(c->conn)];
    uint16_t waiting = m->lists[LIST_STALLED].head, turn = m->turn, tried = m->tried;
    uint32_t flags = conn->flags;
    if (flags & CONN_CLOSING)
        c->late_bytes += n;
    midge_sent(&s->m, c->conn, n);
    const char *wrong = outflow_sent(m, conn, &c->outflow, flags, n);
    if (wrong != NULL)
        world_fail(w, wrong);
    c->crowded = (conn->flags & CONN_CROWDED) != 0;
    s->crowded = m->crowded;
    c->last_bytes -= c->ending ? n : 0;
    if (c->ending && conn->out.bytes != c->last_bytes)
        world_fail(w, "a connection that ends is told more");
    if (!w->swarm.exact)
        return;
    bool due = waiting != 0 && m->crowded == 0 && n > 0;
    if (due && !resumes(m))
        world_fail(w, "who waits was not resumed");
    if (!due && (m->turn != turn || m->tried != tried))
        world_fail(w, "who waits was resumed too early");
}

// Takes what the window has room for.
static void send_output(struct world *w, struct site *s, struct cable *c) {
    struct midge_span v[SPANS];
    uint32_t most = dice_once_in(&w->dice, w->swarm.partial_send)
                        ? dice_between(&w->dice, 1, c->window)
                        : c->window;
    uint32_t count = 0;
    for (;;) {
        uint32_t held = w->swarm.late_release ? (uint32_t)(c->down.written - c->down.taken) : 0;
        count = midge_tx(&s->m, c->conn, held, v, SPANS);
        uint32_t room = c->window - (uint32_t)(c->down.written - c->down.taken);
        room = room < most ? room : most;
        if (count == 0 || room == 0)
            break;
        uint32_t n = 0;
        for (uint32_t i = 0; i < count && n < room; i++) {
            uint32_t part = v[i].n < room - n ? v[i].n : room - n;
            cable_write(&c->down, v[i].bytes, part);
            if (is_scraped(w, c))
                scraper_hears(w, s, c, v[i].bytes, part);
            n += part;
        }
        most -= n;
        if (!w->swarm.late_release)
            sent(w, s, c, n);
    }
    c->blocked = count > 0;
    if (c->blocked || w->swarm.late_release)
        sent(w, s, c, 0);
    cable_flow(w, c, &c->down);
}

// The far end has bytes: they are the broker's no more. Until then they must not have changed.
static void release(struct world *w, struct site *s, struct cable *c) {
    uint32_t n = (uint32_t)(c->down.arrived - c->down.taken);
    if (!w->swarm.late_release || c->conn == MIDGE_NONE) {
        c->down.taken += n;
        return;
    }
    for (uint32_t left = n; left > 0;) {
        struct midge_span v;
        if (midge_tx(&s->m, c->conn, n - left, &v, 1) == 0)
            world_fail(w, "bytes are gone that the stack still refers to");
        uint32_t part = v.n < left ? v.n : left;
        if (!cable_holds(&c->down, c->down.taken, v.bytes, part))
            world_fail(w, "bytes have changed that the stack still refers to");
        c->down.taken += part;
        left -= part;
    }
    sent(w, s, c, n);
}

static void close_end(struct world *w, struct site *s, struct cable *c, enum midge_reason why,
                      bool reset) {
    if (is_scraped(w, c) && !reset)
        scraper_closes(w, s, c);
    const struct conn *conn = &s->m.connections[midge_slot(c->conn)];
    chronicle_close(w, c, conn_reason(conn) > 0 ? (uint32_t)conn_reason(conn) : why);
    tally_add(&s->ended, conn);
    uint64_t cid = conn->cid, kept = s->m.closed_next;
    midge_closed(&s->m, c->conn, why);
    // Who has ended is remembered for a while.
    const struct ended *last = &s->m.closed[kept];
    bool remembered = s->m.closed_next != kept;
    if (remembered != (c->kind == MIDGE_CLIENT) ||
        (remembered && (last->facts.cid != cid || last->facts.delivered_us != s->m.now.us)))
        world_fail(w, "who has ended last is not remembered as that");
    if (!resumes(&s->m))
        world_fail(w, "who waits was not resumed by one who left");
    s->stale = c->conn;
    ledger_close(w, c);
    cable_end(w, c, reset);
}

// Closes it once all is sent, and released.
static void end_when_sent(struct world *w, struct site *s, struct cable *c) {
    if (!c->blocked && (!w->swarm.late_release || c->down.taken == c->down.written))
        close_end(w, s, c, MIDGE_PEER_CLOSED, false);
}

// ---- Input --------------------------------------------------------------------------------------

static void give_input(struct world *w, struct site *s, struct cable *c) {
    uint64_t taken = c->up.taken;
    while (!c->paused && c->up.taken < c->up.arrived && c->far == FAR_OPEN) {
        uint32_t n;
        const uint8_t *bytes = cable_run(&c->up, c->up.taken, c->up.arrived, &n);
        // Where a SUB may be refused, the ledger must see it before what follows.
        const struct order *next = &c->ledger.orders[c->ledger.orders_first];
        if (s->scarce && c->ledger.orders_count > 0 && next->end - c->up.taken < n)
            n = (uint32_t)(next->end - c->up.taken);
        if (is_scraped(w, c))
            scraper_asks(w, s, c);
        struct outlook before;
        waiting_look(w, s, c, &before);
        int32_t used = midge_rx(&s->m, c->conn, bytes, n);
        if (used > (int32_t)n)
            world_fail(w, "more was consumed than there is");
        if (used < 0) {
            c->up.taken = c->up.arrived;
            c->waiting_since_us = w->now_us;
            return;
        }
        c->up.taken += (uint32_t)used;
        ledger_execute(w, c);
        const char *wrong = waiting_judge(w, s, c, &before, (uint32_t)used, n);
        if (wrong != NULL)
            world_fail(w, wrong);
        c->paused = (uint32_t)used < n;
    }
    if (c->up.taken > taken || c->up.taken == c->up.arrived)
        c->waiting_since_us = w->now_us;
    cable_flow(w, c, &c->up);
}

static void attend(struct world *w, struct site *s, struct cable *c) {
    if (c->far == FAR_COMING && c->kind == MIDGE_CLIENT && s->m.lame_duck) {
        // Its port has stopped to accept.
        cable_end(w, c, true);
        return;
    }
    if (c->far == FAR_COMING) {
        c->conn = midge_open(&s->m, c->kind, &c->peer);
        c->far = FAR_OPEN;
        s->cable_of[midge_slot(c->conn)] = (uint16_t)(c - w->cables);
        chronicle_open(w, s, c);
        pulse_open(&c->pulse, s->m.now.us);
        outflow_open(&c->outflow, s->m.now.ms);
        waiting_open(s, c);
        watch_opened(w, s, c);
        if (c->conn == MIDGE_NONE) {
            ledger_close(w, c);
            cable_end(w, c, true);
            return;
        }
    }
    if (c->far != FAR_OPEN)
        return;
    if (c->down.taken < c->down.arrived) {
        release(w, s, c);
        if (c->blocked || w->swarm.late_release)
            send_output(w, s, c);
    }
    if (c->ending) {
        end_when_sent(w, s, c);
    } else if (c->reset) {
        close_end(w, s, c, MIDGE_READ_ERROR, true);
    } else {
        give_input(w, s, c);
        if (c->far == FAR_OPEN && c->hang_up && c->up.taken == c->up.written) {
            if (c->kind == MIDGE_MONITOR)
                midge_rx(&s->m, c->conn, NULL, 0);
            else
                close_end(w, s, c, MIDGE_PEER_CLOSED, false);
        }
    }
}

// ---- Turns --------------------------------------------------------------------------------------

static void carry_out(struct world *w, struct site *s) {
    enum midge_wish wish;
    for (midge_conn conn; (conn = midge_next(&s->m, &wish)) != MIDGE_NONE;) {
        struct cable *c = &w->cables[s->cable_of[midge_slot(conn)]];
        if (!c->used || c->conn != conn || c->far != FAR_OPEN)
            world_fail(w, "a wish for a connection that is not there");
        if (c->ending && wish != MIDGE_WISH_ABORT)
            world_fail(w, "a connection that ends wants something else");
        switch (wish) {
        case MIDGE_WISH_SEND:
            send_output(w, s, c);
            break;
        case MIDGE_WISH_RESUME:
            c->paused = false;
            site_wake(w, c);
            break;
        case MIDGE_WISH_CLOSE_AFTER_SEND:
            watch_closing(w, s, c, false);
            c->ending = true;
            c->last_bytes = s->m.connections[midge_slot(conn)].out.bytes;
            send_output(w, s, c);
            end_when_sent(w, s, c);
            break;
        case MIDGE_WISH_SECURE:
            world_fail(w, "TLS is wanted that nobody configured");
        case MIDGE_WISH_ABORT:
            watch_closing(w, s, c, true);
            close_end(w, s, c, MIDGE_PEER_CLOSED, true);
            break;
        }
    }
}

static void read_log(struct world *w, struct site *s) {
    enum midge_level level;
    char line[MIDGE_LOG_LINE_BYTES];
    for (uint32_t n; (n = midge_log(&s->m, &level, line, sizeof line)) > 0;) {
        w->hash = (w->hash ^ n) * 0x100000001b3;
        chronicle_read(w, s, level, line, n);
    }
}

void site_wake(struct world *w, struct cable *c) {
    struct site *s = &w->sites[c->site];
    uint32_t i = (uint32_t)(c - w->cables);
    if (!s->powered)
        return;
    if (!s->is_ready[i]) {
        s->is_ready[i] = true;
        s->ready[s->ready_count++] = (uint16_t)i;
    }
    plan_turn(w, s, dice_drift(&w->dice, w->swarm.turn_us + 1));
}

// A port that is late: it speaks of a connection that has ended, whose slot may have another now.
static void speak_late(struct world *w, struct site *s) {
    // Nor was there ever one in no slot, or in one that nobody had yet.
    const midge_conn never = s->m.pools[POOL_connections].fresh + 1u;
    const midge_conn late[] = {s->stale, MIDGE_NONE, never};
    struct midge_span v;
    if (s->stale == MIDGE_NONE || !dice_once_in(&s->dice, 8))
        return;
    for (uint32_t i = 0; i < 3; i++) {
        if (midge_rx(&s->m, late[i], (const uint8_t *)"PING\r\n", 6) != MIDGE_ERR_CLOSED ||
            midge_tx(&s->m, late[i], 0, &v, 1) != 0)
            world_fail(w, "a connection that has ended is served");
        midge_sent(&s->m, late[i], 1);
        midge_closed(&s->m, late[i], MIDGE_READ_ERROR);
    }
    s->stale = MIDGE_NONE;
}

static uint32_t turn(struct world *w, struct site *s) {
    s->handled = 0;
    uint32_t reaped = watch_reaping(&s->m);
    uint64_t removed = s->m.subs_removed;
    uint32_t wait_ms = midge_turn(&s->m, now_of(w, s));
    if (s->m.subs_removed - removed != reaped)
        world_fail(w, "how many subscriptions one turn removes");
    if (wait_ms > 0 && s->m.reap != 0)
        world_fail(w, "subscriptions of one who left are not removed");
    watch_turn(w, s);
    const char *wrong = waiting_update(w, s);
    if (wrong != NULL)
        world_fail(w, wrong);
    return wait_ms;
}

void site_turn(struct world *w, struct site *s) {
    if (s->dozes_until_us > w->now_us) {
        plan_turn(w, s, s->dozes_until_us - w->now_us);
        return;
    }
    uint32_t wait_ms = turn(w, s);
    uint32_t count = s->ready_count;
    for (uint32_t i = 0; i < count; i++) {
        struct cable *c = &w->cables[s->ready[i]];
        s->is_ready[s->ready[i]] = false;
        if (c->used && &w->sites[c->site] == s)
            attend(w, s, c);
    }
    s->ready_count -= count;
    memmove(s->ready, s->ready + count, s->ready_count * sizeof s->ready[0]);
    bool acted = application_act(w, s);
    const char *wrong = waiting_update(w, s);
    if (wrong != NULL)
        world_fail(w, wrong);
    speak_late(w, s);
    s->common = block_common(&s->m);
    carry_out(w, s);
    read_log(w, s);
    if (s->turns % 16 == 0)
        chronicle_check(w, s);
    watch_site(w, s);
    // What came may have brought the next deadline forward: a port asks again before it waits.
    if (count > 0 || acted)
        wait_ms = turn(w, s);
    if (s->ready_count > 0)
        plan_turn(w, s, 1);
    else if (wait_ms != UINT32_MAX)
        // Just after the millisecond has begun, as a real wait ends.
        plan_turn(w, s, wait_ms == 0 ? 1 : (uint64_t)wait_ms * 1000);
}

void site_reload(struct world *w, struct site *s) {
    if (s->dozes_until_us > w->now_us)
        return;
    // Within a turn, as a port does it, so that the time is the present one.
    site_turn(w, s);
    char text[SETTINGS_TEXT_MAX];
    doors_change(w, s);
    uint32_t n = site_compose(w, s, text, sizeof text);
    s->config ^= 1;
    configure(w, s, &s->configs[s->config], text, n);
    midge_reload(&s->m, &s->configs[s->config]);
    doors_judge(w, s);
    plan_turn(w, s, 0);
}
