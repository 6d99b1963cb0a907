#include "broker/core/facts.h"

#include "broker/core/midge.h"

#define RING (MIDGE_CLOSED_MAX + 1)

// What is told of a connection that is open.
static void take(const struct conn *c, struct facts *facts) {
    facts->cid = c->cid;
    facts->started_us = c->started_us;
    facts->active_us = c->active_us > c->delivered_us ? c->active_us : c->delivered_us;
    facts->in_msgs = c->in_msgs;
    facts->in_bytes = c->in_bytes;
    facts->out_msgs = c->out_msgs;
    facts->out_bytes = c->out_bytes;
    facts->rtt_us = c->rtt_us;
    facts->stalls = c->stalls;
    facts->pending_bytes = c->out.bytes;
    facts->subs_count = c->subs_count;
    facts->name = c->name;
    facts->lang = c->lang;
    facts->version = c->version;
    facts->login = c->login;
    facts->stopped_us = 0;
    facts->peer = c->peer;
    facts->reason = 0;
}

uint32_t facts_closed(const struct midge *m) {
    uint32_t most = m->config->max_closed_clients;
    if (most > MIDGE_CLOSED_MAX)
        most = MIDGE_CLOSED_MAX;
    return m->closed_count < most ? m->closed_count : most;
}

bool facts_of(const struct midge *m, uint32_t item, struct facts *facts) {
    if (item < FACTS_CLOSED) {
        const struct conn *c = &m->connections[item];
        if (item == 0 || item > m->pools[POOL_connections].fresh || c->cid == 0 ||
            c->kind != MIDGE_CLIENT || (c->flags & CONN_GONE))
            return false;
        take(c, facts);
        return true;
    }
    // How many ended after it.
    uint32_t age = (m->closed_next + RING - 1 - (item - FACTS_CLOSED)) % RING;
    if (item >= FACTS_END || age >= facts_closed(m))
        return false;
    *facts = m->closed[item - FACTS_CLOSED];
    return true;
}

bool facts_find(const struct midge *m, uint64_t cid, uint32_t item, struct facts *facts) {
    if (facts_of(m, item, facts) && facts->cid == cid)
        return true;
    for (item = FACTS_CLOSED; item < FACTS_END; item++) {
        if (m->closed[item - FACTS_CLOSED].cid == cid && facts_of(m, item, facts))
            return true;
    }
    return false;
}

void facts_keep(struct midge *m, struct conn *c) {
    if (c->kind != MIDGE_CLIENT || m->config->max_closed_clients == 0)
        return;
    struct facts *facts = &m->closed[m->closed_next];
    text_drop(m, facts->name);
    text_drop(m, facts->lang);
    text_drop(m, facts->version);
    text_drop(m, facts->login);
    facts_of(m, conn_index(m, c), facts);
    facts->stopped_us = m->now.us;
    facts->reason = c->reason;
    c->name = c->lang = c->version = c->login = 0;
    m->closed_next = (m->closed_next + 1) % RING;
    if (m->closed_count < RING)
        m->closed_count++;
}
