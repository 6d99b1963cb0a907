#include "broker/core/timer.h"

#include "broker/core/midge.h"

#define SPAN_MS(level) ((uint32_t)1 << (TIMER_SLOT_BITS * ((level) + 1)))

static void unlink_timer(struct midge *m, uint16_t c) {
    struct timer *t = &m->connections[c].timer;
    struct wheel *w = &m->wheel;
    uint32_t place = t->place - 1u;
    if (t->next != 0)
        m->connections[t->next].timer.prev = t->prev;
    if (t->prev != 0)
        m->connections[t->prev].timer.next = t->next;
    else
        w->heads[place] = t->next;
    if (w->heads[place] == 0)
        w->occupied[place / TIMER_SLOTS] &= (slots_t) ~((slots_t)1 << place % TIMER_SLOTS);
    t->place = 0;
}

static void link_timer(struct midge *m, uint16_t c, uint32_t at) {
    struct timer *t = &m->connections[c].timer;
    struct wheel *w = &m->wheel;
    uint32_t ahead = at - w->now;
    if ((int32_t)ahead <= 0)
        ahead = 1;
    if (ahead >= SPAN_MS(TIMER_LEVELS - 1))
        ahead = SPAN_MS(TIMER_LEVELS - 1) - 1;
    uint32_t level = 0;
    while (ahead >= SPAN_MS(level))
        level++;
    t->at = w->now + ahead;
    uint32_t slot = t->at >> (TIMER_SLOT_BITS * level) & (TIMER_SLOTS - 1);
    uint32_t place = level * TIMER_SLOTS + slot;
    t->place = (uint16_t)(place + 1);
    t->prev = 0;
    t->next = w->heads[place];
    if (t->next != 0)
        m->connections[t->next].timer.prev = c;
    w->heads[place] = c;
    w->occupied[level] |= (slots_t)((slots_t)1 << slot);
}

void timer_need(struct midge *m, uint16_t c, uint32_t at) {
    struct timer *t = &m->connections[c].timer;
    if (t->place != 0) {
        if ((int32_t)(at - t->at) >= 0)
            return;
        unlink_timer(m, c);
    }
    link_timer(m, c, at);
}

void timer_cancel(struct midge *m, uint16_t c) {
    if (m->connections[c].timer.place != 0)
        unlink_timer(m, c);
}

// Moves the entries of a level's present slot down to the levels below.
static void cascade(struct midge *m, uint32_t level) {
    struct wheel *w = &m->wheel;
    uint32_t place =
        level * TIMER_SLOTS + (w->now >> (TIMER_SLOT_BITS * level) & (TIMER_SLOTS - 1));
    for (uint16_t c = w->heads[place]; c != 0; c = w->heads[place]) {
        uint32_t at = m->connections[c].timer.at;
        unlink_timer(m, c);
        // What is due this very millisecond goes to the slot that is about to fire.
        if (at == w->now) {
            w->now--;
            link_timer(m, c, at);
            w->now++;
        } else {
            link_timer(m, c, at);
        }
    }
}

void timer_advance(struct midge *m, uint32_t now, void (*fire)(struct midge *m, uint16_t c)) {
    struct wheel *w = &m->wheel;
    while ((int32_t)(now - w->now) > 0) {
        // Without an entry on the lowest level, the next thing to do is at its next turn round.
        uint32_t step = w->occupied[0] != 0 ? 1 : TIMER_SLOTS - (w->now & (TIMER_SLOTS - 1));
        if (step > now - w->now) {
            w->now = now;
            return;
        }
        w->now += step;
        for (uint32_t level = 1; level < TIMER_LEVELS; level++) {
            if ((w->now & (SPAN_MS(level - 1) - 1)) != 0)
                break;
            cascade(m, level);
        }
        uint16_t *head = &w->heads[w->now & (TIMER_SLOTS - 1)];
        while (*head != 0) {
            uint16_t c = *head;
            unlink_timer(m, c);
            fire(m, c);
        }
    }
}

uint32_t timer_wait_ms(const struct midge *m) {
    const struct wheel *w = &m->wheel;
    uint32_t wait = UINT32_MAX;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        if (w->occupied[level] == 0)
            continue;
        // The first occupied slot after the present one, and when its span begins.
        uint32_t unit_bits = TIMER_SLOT_BITS * level;
        uint32_t present = w->now >> unit_bits & (TIMER_SLOTS - 1);
        slots_t bits = w->occupied[level];
        uint32_t ahead = 1;
        while (!(bits >> ((present + ahead) & (TIMER_SLOTS - 1)) & 1))
            ahead++;
        uint32_t begins = ((w->now >> unit_bits) + ahead) << unit_bits;
        if (begins - w->now < wait)
            wait = begins - w->now;
    }
    return wait;
}
