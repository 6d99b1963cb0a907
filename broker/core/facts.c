#include "broker/core/facts.h"

#include "broker/core/midge.h"

#define RING (MIDGE_CLOSED_MAX + 1)

uint32_t facts_closed(const struct midge *m) {
    uint32_t most = m->config->max_closed_clients;
    if (most > MIDGE_CLOSED_MAX)
        most = MIDGE_CLOSED_MAX;
    return m->closed_count < most ? m->closed_count : most;
}

// One of the ring, NULL where it is not shown.
static const struct ended *ended_at(const struct midge *m, uint32_t i) {
    // How many ended after it.
    uint32_t age = (m->closed_next + RING - 1 - i) % RING;
    return i < RING && age < facts_closed(m) ? &m->closed[i] : NULL;
}

bool facts_of(const struct midge *m, uint32_t item, struct told *told) {
    *told = (struct told){0};
    if (item < FACTS_CLOSED) {
        const struct conn *c = &m->connections[item];
        if (c->cid == 0 || c->kind != MIDGE_CLIENT || (c->flags & CONN_GONE))
            return false;
        told->facts = &c->facts;
        told->active_us = c->active_us > c->delivered_us ? c->active_us : c->delivered_us;
        told->pending_bytes = c->out.bytes;
        return true;
    }
    const struct ended *ended = MIDGE_MONITOR_HUB ? ended_at(m, item - FACTS_CLOSED) : NULL;
    if (ended == NULL)
        return false;
    told->facts = &ended->facts;
    told->active_us = ended->facts.active_us;
    told->stopped_us = ended->facts.delivered_us;
    told->pending_bytes = ended->pending_bytes;
    told->reason = ended->reason;
    return true;
}

bool facts_find(const struct midge *m, uint64_t cid, uint32_t item, struct told *told) {
    if (facts_of(m, item, told) && told->facts->cid == cid)
        return true;
    for (item = FACTS_CLOSED; MIDGE_MONITOR_HUB && item < FACTS_END; item++) {
        if (m->closed[item - FACTS_CLOSED].facts.cid == cid && facts_of(m, item, told))
            return true;
    }
    *told = (struct told){0};
    return false;
}

void facts_keep(struct midge *m, struct conn *c) {
    struct ended *ended = &m->closed[m->closed_next];
    struct told told;
    if (!MIDGE_MONITOR_HUB || m->config->max_closed_clients == 0 ||
        !facts_of(m, conn_index(m, c), &told))
        return;
    text_drop(m, ended->facts.name);
    text_drop(m, ended->facts.lang);
    text_drop(m, ended->facts.version);
    text_drop(m, ended->facts.login);
    *ended = (struct ended){c->facts, told.pending_bytes, (uint8_t)conn_reason(c)};
    ended->facts.active_us = told.active_us;
    ended->facts.delivered_us = m->now.us;
    c->name = c->lang = c->version = c->login = 0;
    m->closed_next = (m->closed_next + 1) % RING;
    if (m->closed_count < RING)
        m->closed_count++;
}
