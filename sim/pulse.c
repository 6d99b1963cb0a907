#include "sim/pulse.h"

#include "sim/ledger.h"

#define FIRST_PING_MS 2000u
#define RTT_STALE_US 3600000000ull

void pulse_open(struct pulse *p, uint64_t us) {
    *p = (struct pulse){.opened_us = us, .active_us = us, .connected_us = us};
}

void pulse_order(struct pulse *p, uint64_t us, const struct order *o) {
    switch (o->verb) {
    case ORDER_CONNECT:
        p->connected_us = us;
        p->rtt_us = (uint32_t)(us - p->opened_us);
        p->active_us = us;
        break;
    case ORDER_SUB:
    case ORDER_UNSUB:
        p->active_us = us;
        break;
    case ORDER_PUB:
        p->active_us = us;
        p->in_msgs++;
        p->in_bytes += o->bytes;
        break;
    case ORDER_PING:
        p->heard_ping_us = us;
        break;
    case ORDER_OTHER:
        p->pings_out = 0;
        if (p->pinged_us != 0)
            p->rtt_us = (uint32_t)us - ((uint32_t)p->pinged_us | 1);
        break;
    }
}

// Whether it is asked for a sign of life when its time has come: who was heard within the interval
// is not, but for its round trip, which is measured once an hour.
static bool is_asked(const struct midge *m, const struct pulse *p) {
    uint32_t interval = m->config->ping_interval_ms;
    uint32_t pinged_ms = (uint32_t)(p->heard_ping_us / 1000);
    bool heard = m->now.us - p->active_us < interval * 1000ull ||
                 (p->heard_ping_us != 0 && m->now.ms - pinged_ms < interval);
    return !heard || p->pinged_us == 0 || m->now.us - p->pinged_us > RTT_STALE_US;
}

static bool is_due(const struct midge *m, uint32_t at_ms) {
    return (int32_t)(m->now.ms - at_ms) >= 0;
}

bool pulse_is_stale(const struct midge *m, const struct pulse *p) {
    return is_due(m, p->ping_ms) && is_asked(m, p) && p->pings_out + 1 > m->config->ping_max;
}

const char *pulse_turn(const struct midge *m, const struct conn *conn, struct pulse *p) {
    if (conn->flags & CONN_CLOSING)
        return NULL;
    bool pinged = conn->last_ping_us == m->now.us && p->pinged_us != m->now.us;
    if (!is_due(m, p->ping_ms))
        return pinged ? "a ping too early" : NULL;
    if (pulse_is_stale(m, p))
        return "a client that was not given up";
    if (conn->ping_ms != m->now.ms + m->config->ping_interval_ms)
        return "the time of the next ping";
    if (pinged != is_asked(m, p))
        return pinged ? "a ping that was not needed" : "a ping that was left out";
    p->ping_ms = conn->ping_ms;
    if (pinged) {
        p->pinged_us = m->now.us;
        p->pings_out++;
    }
    return NULL;
}

const char *pulse_check(const struct midge *m, const struct conn *conn, struct pulse *p) {
    if (conn->flags & CONN_CLOSING)
        return NULL;
    if (p->connected_us == m->now.us) {
        // It has come, or introduced itself: the first ping is soon, at a time of its own.
        uint32_t first = m->config->ping_interval_ms;
        first = first < FIRST_PING_MS ? first : FIRST_PING_MS;
        uint32_t in_ms = conn->ping_ms - m->now.ms;
        if (in_ms < first || in_ms > first + first / 5)
            return "the time of the first ping";
        p->ping_ms = conn->ping_ms;
    }
    if (conn->ping_ms != p->ping_ms)
        return "a ping whose time has changed";
    if (conn->pings_out != p->pings_out)
        return "the number of pings without an answer";
    if (conn->active_us != p->active_us)
        return "when a client was heard last";
    if (conn->pinged_ms != (uint32_t)(p->heard_ping_us / 1000))
        return "when a client has pinged";
    if (conn->rtt_us != p->rtt_us)
        return "the time of an answer";
    if (conn->in_msgs != p->in_msgs || conn->in_bytes != p->in_bytes)
        return "what a client has published";
    return NULL;
}
