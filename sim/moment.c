#include "sim/moment.h"

#include "sim/world.h"

void moment_look(const struct site *s, struct moment *now) {
    const struct midge *m = &s->m;
    uint64_t requests = 0;
    uint64_t taken = 0;
    for (uint32_t i = 0; i < HTTP_COUNTERS; i++)
        requests += m->http_requests[i];
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        taken = taken * 31 + (i != POOL_blocks ? m->pools[i].used : 0);
    *now = (struct moment){.reloads = s->reloads,
                           .us = m->now.us,
                           .wall_us = m->now.wall_us,
                           .in_msgs = m->in_msgs,
                           .in_bytes = m->in_bytes,
                           .out_msgs = m->out_msgs,
                           .out_bytes = m->out_bytes,
                           .connections = m->last_cid,
                           .closed = m->closed_next,
                           .stalls = m->stalls,
                           .matches = m->matches,
                           .requests = requests,
                           .taken = taken,
                           .subscriptions = m->subs_inserted + m->subs_removed};
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        if (c->kind == MIDGE_CLIENT && c->cid != 0)
            now->clients = now->clients * 31 + c->out.bytes + c->rtt_us + c->flags + c->active_us +
                           c->delivered_us;
    }
}
