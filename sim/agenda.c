#include "sim/agenda.h"

static bool before(const struct agenda *a, uint16_t x, uint16_t y) {
    return a->at_us[x] < a->at_us[y] || (a->at_us[x] == a->at_us[y] && x < y);
}

static void put(struct agenda *a, uint32_t place, uint16_t slot) {
    a->heap[place] = slot;
    a->place[slot] = (uint16_t)place;
}

static void rise(struct agenda *a, uint32_t place, uint16_t slot) {
    for (; place > 1 && before(a, slot, a->heap[place / 2]); place /= 2)
        put(a, place, a->heap[place / 2]);
    put(a, place, slot);
}

static void sink(struct agenda *a, uint32_t place, uint16_t slot) {
    for (uint32_t child; (child = place * 2) <= a->count; place = child) {
        if (child < a->count && before(a, a->heap[child + 1], a->heap[child]))
            child++;
        if (!before(a, a->heap[child], slot))
            break;
        put(a, place, a->heap[child]);
    }
    put(a, place, slot);
}

void agenda_plan(struct agenda *a, uint32_t slot, uint64_t at_us) {
    uint32_t place = a->place[slot];
    if (place != 0 && a->at_us[slot] <= at_us)
        return;
    a->at_us[slot] = at_us;
    rise(a, place != 0 ? place : ++a->count, (uint16_t)slot);
}

void agenda_cancel(struct agenda *a, uint32_t slot) {
    uint32_t place = a->place[slot];
    if (place == 0)
        return;
    a->place[slot] = 0;
    uint16_t last = a->heap[a->count--];
    if (last == slot)
        return;
    sink(a, place, last);
    rise(a, a->place[last], last);
}

bool agenda_next(struct agenda *a, uint32_t *slot, uint64_t *at_us) {
    if (a->count == 0)
        return false;
    *slot = a->heap[1];
    *at_us = a->at_us[*slot];
    agenda_cancel(a, *slot);
    return true;
}
