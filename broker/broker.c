// The conductor: what the outside calls. It opens and closes connections, passes bytes to the room
// that their kind belongs to, and runs what is due.

#include "broker/broker.h"

#include "broker/auth/auth.h"
#include "broker/auth/nkey.h"
#include "broker/core/client.h"
#include "broker/core/connect.h"
#include "broker/core/info.h"
#include "broker/core/local.h"
#include "broker/core/midge.h"
#include "broker/core/secure.h"
#include "broker/core/subscription.h"
#include "broker/core/word.h"
#include "broker/ops/monitor.h"

// Subscriptions of ended connections that one turn removes.
#ifndef REAP_PER_TURN
#define REAP_PER_TURN 4096
#endif

// Output above which publishers wait for a receiver; well below max_pending, so that what waits
// stays in the processor's cache.
#define CROWD_BYTES (1u << 20)

#if MIDGE_HTTPS

static bool is_insecure(const struct conn *c) {
    return (c->tls & (SECURE_FRESH | SECURE_BEGUN)) != 0;
}

static uint32_t https_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    return is_insecure(c) ? secure_rx(m, c, bytes, n) : monitor_rx(m, c, bytes, n);
}

static void https_tick(struct midge *m, struct conn *c) {
    if ((c->flags & CONN_CLOSING) || !secure_tick(m, c))
        monitor_tick(m, c);
}

static void https_drained(struct midge *m, struct conn *c) {
    if (!is_insecure(c))
        monitor_drained(m, c);
}

#define MONITOR_ROOM \
    { https_rx, https_tick, https_drained }
#else
#define MONITOR_ROOM \
    { monitor_rx, monitor_tick, monitor_drained }
#endif

static const struct rooms rooms = {
    .kinds =
        {
#if MIDGE_TLS
            [MIDGE_CLIENT] = {secure_rx, client_tick, NULL},
#else
            [MIDGE_CLIENT] = {parser_rx, client_tick, NULL},
#endif
            [MIDGE_MONITOR] = MONITOR_ROOM,
            [MIDGE_LOCAL] = {NULL, conn_tick, NULL},
        },
    .auth_required = auth_required,
#if MIDGE_NKEYS
    .nonce_required = auth_nonce_required,
#endif
    .authenticate = auth_check,
#if MIDGE_TLS
    .identify = auth_identify,
#endif
};

// ---- Start --------------------------------------------------------------------------------------

static void take_config(struct midge *m, const struct midge_config *config) {
    m->config = config;
    m->crowd_bytes = config->max_pending / 4 * 3;
    if (m->crowd_bytes > CROWD_BYTES)
        m->crowd_bytes = CROWD_BYTES;
}

bool midge_init(struct midge *m, const struct midge_config *config, struct midge_now now) {
    uint8_t random[32 + 12];
    if (config->entropy == NULL || !config->entropy(random, sizeof random))
        return false;
    const struct midge_limits *limits = &config->limits;
    const uint32_t most[POOL_COUNT] = {
        [POOL_connections] = limits->connections,
        [POOL_subscriptions] = limits->subscriptions,
        [POOL_nodes] = limits->nodes,
        [POOL_groups] = limits->groups,
        [POOL_texts] = limits->texts,
        [POOL_blocks] = limits->blocks,
    };
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        m->pools[i].limit = (index_t)most[i];
#define X(name, type, max) m->name = m->name##_store;
    MIDGE_POOLS(X)
#undef X
    nkey_write(NKEY_SERVER, random, m->id);
    // The same numbers on any host.
    m->seed = (uint32_t)word_load_short(random + 32, 4);
    m->random[0] = (uint32_t)word_load_short(random + 36, 4) | 1;
    m->random[1] = (uint32_t)word_load_short(random + 40, 4);
    m->rooms = &rooms;
    m->generation = 1;
    m->block_room = limits->block_bytes - (uint32_t)BLOCK_HEADER_BYTES;
    // On a chip a quarter may be less than a message to everyone takes.
    m->blocks_ample = limits->blocks / 4;
    if (m->blocks_ample < 2 * limits->connections)
        m->blocks_ample = 2 * limits->connections;
    m->text_table.buckets = m->node_table.buckets = m->sid_table.buckets = 1;
    m->now = now;
    m->wheel.now = now.ms;
    m->started_us = now.us;
    m->started_wall_us = now.wall_us;
    take_config(m, config);
    m->root = subs_init(m) ? subs_root(m) : 0;
    return m->root != 0;
}

const char *midge_id(const struct midge *m) {
    return m->id;
}

void midge_host(struct midge *m, const struct midge_host *host) {
#if MIDGE_TLS
    if (host->first_end_us != m->host.first_end_us)
        m->expiry_ms = m->now.ms;
#endif
    m->host = *host;
}

// ---- Turns --------------------------------------------------------------------------------------

static void fire(struct midge *m, uint16_t i) {
    struct conn *c = &m->connections[i];
    m->rooms->kinds[c->kind].tick(m, c);
}

// Whether a slot of the pool is a client that is not ending; a free slot is not.
static bool is_client(const struct conn *c) {
    return c->kind == MIDGE_CLIENT && c->cid != 0 && !(c->flags & CONN_CLOSING);
}

// Closes clients one by one over what remains of the lame duck's time.
static uint32_t lame_duck_turn(struct midge *m) {
    int32_t wait = (int32_t)(m->lame_duck_ms - m->now.ms);
    if (wait > 0)
        return (uint32_t)wait;
    if (!m->lame_duck_closing)
        log_text(m, MIDGE_INF, "Closing existing clients");
    m->lame_duck_closing = true;
    while (m->lame_duck_next <= m->pools[POOL_connections].fresh) {
        struct conn *c = &m->connections[m->lame_duck_next++];
        if (!is_client(c))
            continue;
        conn_close(m, c, MIDGE_SHUTDOWN, true);
        m->lame_duck_ms = m->now.ms + m->lame_duck_step_ms;
        return m->lame_duck_step_ms;
    }
    m->lame_duck_next = 1;
    return m->open[MIDGE_CLIENT] > 0 ? 1 : UINT32_MAX;
}

#if MIDGE_TLS

#define DAY_MS (24u * 3600 * 1000)
#define EXPIRY_DAYS 14  // from then on the log is told

// Warns of a certificate near its end, once a day. Answers in how many ms to look again.
static uint32_t expiry_turn(struct midge *m) {
    uint64_t end_us = m->host.first_end_us;
    if (end_us == 0 || m->now.wall_us == 0) {
        m->expiry_ms = m->now.ms;  // which may be days before the clock is known
        return UINT32_MAX;
    }
    int32_t wait = (int32_t)(m->expiry_ms - m->now.ms);
    if (wait > 0)
        return (uint32_t)wait;
    m->expiry_ms = m->now.ms + DAY_MS;
    uint64_t left_ms = end_us > m->now.wall_us ? (end_us - m->now.wall_us) / 1000 : 0;
    if (left_ms == 0) {
        log_text(m, MIDGE_WRN, "A TLS certificate has expired");
    } else if (left_ms < (uint64_t)EXPIRY_DAYS * DAY_MS) {
        format_say(log_begin(m, MIDGE_WRN), "A TLS certificate expires in %u days",
                   (uint32_t)(left_ms / DAY_MS));
        log_end(m);
    }
    return DAY_MS;
}

#endif

uint32_t midge_turn(struct midge *m, struct midge_now now) {
    m->now = now;
    timer_advance(m, now.ms, fire);
    bool more = conn_reap(m, REAP_PER_TURN);
    more = local_turn(m) || more;
#if MIDGE_BCRYPT_COST_MAX > 0
    more = auth_turn(m) || more;
#endif
    if (more || m->lists[LIST_WISHES].head != 0)
        return 0;
    uint32_t wait = timer_wait_ms(m);
    if (m->lame_duck) {
        uint32_t duck = lame_duck_turn(m);
        wait = duck < wait ? duck : wait;
    }
#if MIDGE_TLS
    uint32_t expiry = expiry_turn(m);
    wait = expiry < wait ? expiry : wait;
#endif
    return m->lists[LIST_WISHES].head != 0 ? 0 : wait;
}

// ---- Connections --------------------------------------------------------------------------------

midge_conn midge_open(struct midge *m, enum midge_kind kind, const struct midge_peer *peer) {
    uint16_t i = conn_open(m, kind, peer);
    if (i == 0)
        return MIDGE_NONE;
    struct conn *c = &m->connections[i];
    m->total_connections += kind == MIDGE_CLIENT;
    if (kind == MIDGE_CLIENT && m->open[kind] > m->config->max_connections) {
        client_turn_away(m, c);
    } else if (kind == MIDGE_CLIENT) {
        client_greet(m, c);
    } else {
        monitor_greet(m, c);
#if MIDGE_HTTPS
        if (kind == MIDGE_MONITOR && m->config->https_port != 0)
            secure_expect(m, c);
#endif
    }
    return conn_handle(m, c);
}

int32_t midge_rx(struct midge *m, midge_conn handle, const uint8_t *bytes, uint32_t n) {
    struct conn *c = conn_of(m, handle);
    if (c == NULL || (c->flags & CONN_CLOSING))
        return MIDGE_ERR_CLOSED;
    return (int32_t)m->rooms->kinds[c->kind].rx(m, c, bytes, n);
}

bool midge_admitted(const struct midge *m, midge_conn handle) {
    const struct conn *c = &m->connections[midge_slot(handle)];
#if MIDGE_HTTPS
    if (c->kind == MIDGE_MONITOR)
        return !is_insecure(c);
#endif
    return c->kind != MIDGE_CLIENT || (c->flags & CONN_ADMITTED);
}

uint32_t midge_tx(struct midge *m, midge_conn handle, uint32_t skip, struct midge_span *v,
                  uint32_t max) {
    struct conn *c = conn_of(m, handle);
    return c == NULL ? 0 : outq_spans(m, c, skip, v, max);
}

void midge_sent(struct midge *m, midge_conn handle, uint32_t n) {
    struct conn *c = conn_of(m, handle);
    if (c == NULL)
        return;
    conn_sent(m, c, n);
    void (*drained)(struct midge *, struct conn *) = m->rooms->kinds[c->kind].drained;
    if (drained != NULL && n > 0 && !(c->flags & CONN_CLOSING))
        drained(m, c);
}

void midge_closed(struct midge *m, midge_conn handle, enum midge_reason why) {
    struct conn *c = conn_of(m, handle);
    if (c == NULL)
        return;
    conn_close(m, c, (int)why, false);
    conn_gone(m, c);
}

uint32_t midge_clients(const struct midge *m) {
    return m->open[MIDGE_CLIENT];
}

void midge_state(const struct midge *m, struct midge_state *state) {
    *state = (struct midge_state){
        .clients = m->open[MIDGE_CLIENT],
        .subscriptions = m->pools[POOL_subscriptions].used,
        .blocks = m->pools[POOL_blocks].used,
        .blocks_max = m->pools[POOL_blocks].limit,
        .in_msgs = (uint32_t)m->in_msgs,
        .out_msgs = (uint32_t)m->out_msgs,
    };
}

static void close_all(struct midge *m, int reason) {
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        struct conn *c = &m->connections[i];
        if (c->cid != 0 && !(c->flags & CONN_CLOSING) && c->kind != MIDGE_LOCAL)
            conn_close(m, c, reason, true);
    }
}

void midge_stop(struct midge *m) {
    close_all(m, MIDGE_SHUTDOWN);
}

void midge_lame_duck(struct midge *m) {
    if (m->lame_duck)
        return;
    log_text(m, MIDGE_INF, "Entering lame duck mode, stop accepting new clients");
    m->lame_duck = true;
    info_send_all(m);
    const struct midge_config *config = m->config;
    m->lame_duck_ms = m->now.ms + config->lame_duck_grace_ms;
    m->lame_duck_next = 1;
    // One second apart at most, and all within the duration.
    uint32_t clients = m->open[MIDGE_CLIENT];
    uint32_t spread = config->lame_duck_duration_ms > config->lame_duck_grace_ms
                          ? config->lame_duck_duration_ms - config->lame_duck_grace_ms
                          : 0;
    m->lame_duck_step_ms = clients > 0 && spread / clients < 1000 ? spread / clients : 1000;
}

// ---- Reload -------------------------------------------------------------------------------------

static void reload_client(struct midge *m, struct conn *c, enum auth_verdict verdict) {
    if (verdict == AUTH_REMOVED)
        conn_close(m, c, MIDGE_AUTH_VIOLATION, true);
    else if (verdict == AUTH_REFUSED)
        connect_refuse(m, c);
    else
        subscription_recheck(m, c);
}

// The newest clients above a lowered limit have to go.
static void reload_max_connections(struct midge *m) {
    uint32_t clients = m->open[MIDGE_CLIENT];
    for (uint32_t excess =
             clients > m->config->max_connections ? clients - m->config->max_connections : 0;
         excess > 0; excess--) {
        struct conn *newest = NULL;
        for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
            struct conn *c = &m->connections[i];
            if (is_client(c) && (newest == NULL || c->cid > newest->cid))
                newest = c;
        }
        if (newest == NULL)
            return;
        client_error(m, newest, "maximum connections exceeded");
        conn_close(m, newest, MIDGE_MAX_CONNECTIONS, true);
    }
}

void midge_reload(struct midge *m, const struct midge_config *config) {
    const struct midge_config *old = m->config;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        struct conn *c = &m->connections[i];
        if (!is_client(c))
            continue;
#if MIDGE_TLS
        c->certified = auth_identified(m, c, config);
#endif
        if (!(c->flags & CONN_ADMITTED))
            continue;
        m->config = old;
        enum auth_verdict verdict = auth_again(m, c, config);
        m->config = config;
        reload_client(m, c, verdict);
    }
    take_config(m, config);
#if MIDGE_BCRYPT_COST_MAX > 0
    auth_reload(m);
#endif
    match_forget(m);
    reload_max_connections(m);
}
