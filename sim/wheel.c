#include "sim/wheel.h"

// The slots of the wheel, as a timer's `place` counts them.
struct slot {
    uint32_t level, index;
};

static struct slot slot_of(uint32_t place) {
    return (struct slot){(place - 1) / TIMER_SLOTS, (place - 1) % TIMER_SLOTS};
}

// A timer lies where its level has its millisecond, no higher than it must, and not in the slot
// that was passed.
static const char *check_timer(const struct midge *m, uint32_t c) {
    const struct timer *t = &m->connections[c].timer;
    const struct wheel *w = &m->wheel;
    struct slot slot = slot_of(t->place);
    uint32_t bits = TIMER_SLOT_BITS * slot.level;
    if ((int32_t)(t->at - w->now) <= 0)
        return "a timer that has not fired";
    uint32_t slots = ((t->at >> bits) - (w->now >> bits)) & UINT32_MAX >> bits;
    if ((t->at >> bits & (TIMER_SLOTS - 1)) != slot.index || slots == 0 || slots > TIMER_SLOTS)
        return "a timer in a wrong slot";
    uint16_t from = t->prev != 0 ? m->connections[t->prev].timer.next : w->heads[t->place - 1];
    if (from != c || (t->next != 0 && m->connections[t->next].timer.prev != c))
        return "the list of a timer's slot";
    if (!(w->occupied[slot.level] >> slot.index & 1))
        return "a timer in a slot that is said to be empty";
    return NULL;
}

// What is asked for, of those that are set.
static uint32_t plain_wait_ms(const struct midge *m) {
    uint32_t wait = UINT32_MAX;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct timer *t = &m->connections[i].timer;
        if (m->connections[i].cid == 0 || t->place == 0)
            continue;
        uint32_t bits = TIMER_SLOT_BITS * slot_of(t->place).level;
        uint32_t ahead = (t->at >> bits << bits) - m->wheel.now;
        wait = ahead < wait ? ahead : wait;
    }
    return wait;
}

// Whether a deadline lies ahead, and the timer fires by then.
static bool is_kept(const struct midge *m, const struct conn *c, uint32_t at_ms) {
    return (int32_t)(at_ms - m->now.ms) > 0 && c->timer.place != 0 &&
           (int32_t)(at_ms - c->timer.at) >= 0;
}

static const char *check_deadlines(const struct midge *m, const struct conn *c) {
    if ((c->flags & CONN_CLOSING) && !is_kept(m, c, c->deadline_ms))
        return "the deadline of a connection that ends";
    if ((c->flags & CONN_CLOSING) || c->kind != MIDGE_CLIENT)
        return NULL;
    if (!is_kept(m, c, c->ping_ms))
        return "the time of a ping";
    if (c->auth_due && !is_kept(m, c, c->auth_ms))
        return "the time to introduce oneself";
    if ((c->flags & CONN_STALLED) && !is_kept(m, c, c->stall_ms))
        return "the end of a stall";
    if ((c->flags & CONN_BLOCKED) && !is_kept(m, c, c->deadline_ms))
        return "the deadline of what is sent";
    bool awaits = c->in.line_bytes > 0 && !(c->flags & CONN_STALLED);
    if (awaits && (int32_t)(c->in.since_ms + m->config->payload_idle_ms - m->now.ms) <= 0)
        return "the deadline of a payload";
    return NULL;
}

const char *wheel_check(const struct midge *m) {
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        const char *wrong = NULL;
        if (c->cid != 0 && c->timer.place != 0)
            wrong = check_timer(m, i);
        if (wrong == NULL && c->cid != 0 && !(c->flags & CONN_GONE))
            wrong = check_deadlines(m, c);
        if (wrong != NULL)
            return wrong;
    }
    return timer_wait_ms(m) == plain_wait_ms(m) ? NULL : "when the wheel wants to be turned";
}
