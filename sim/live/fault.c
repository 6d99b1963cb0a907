#include "sim/live/fault.h"

#include <stdlib.h>
#include <string.h>

#include "sim/live/now.h"

#define MANY 1000000

static const struct {
    const char *name;
    const char *argument;
    const char *meaning;
    uint32_t max;
} table[FAULTS] = {
    [DROP] = {"drop", "PERCENT", "of the frames are lost, each way", 100},
    [DUPLICATE] = {"duplicate", "PERCENT", "of the frames arrive twice", 100},
    [REORDER] = {"reorder", "PERCENT", "of the frames are passed by those behind them", 100},
    [SLOW_READER] = {"slow-reader", "PERCENT", "of the clients read nothing", 100},
    [POOL_FAILURE] = {"pool-failure", "PERCENT", "of what is taken from pools is not there", 100},
    [DELAY] = {"delay", "MS", "each way, by chance half as much less or more", 10000},
    [BANDWIDTH] = {"bandwidth", "KBIT/S", "each way", MANY},
    [HALF_OPEN] = {"half-open", "[S]", "a client is gone, and the board is not told", MANY},
    [LINK_FLAP] = {"link-flap", "[S]", "the board's cable is pulled, for up to 3 s", MANY},
    [POWER_CUT] = {"power-cut", "[S]", "the board has no power, for up to 3 s", MANY},
    [TORN_WRITE] = {"torn-write", "[S]", "a power-cut amid one of the next writes to flash", MANY},
    [CLOCK_WRAP] = {"clock-wrap", "[S]", "a power-cut, 5 s before counters of 32 bits wrap", MANY},
};

static uint64_t seed;

static struct {
    uint32_t number;
    uint32_t strikes;
    uint64_t due_us;  // of an event; NEVER: none is
} state[FAULTS];

struct dice fault_dice(uint32_t what, uint64_t n) {
    struct dice d = {.state = seed ^ (uint64_t)what << 56};
    uint64_t high = dice_roll(&d);
    d.state = (high << 32 | dice_roll(&d)) ^ n;
    high = dice_roll(&d);
    return (struct dice){.state = high << 32 | dice_roll(&d)};
}

uint32_t fault_number(enum fault f) {
    return state[f].number;
}

const char *fault_name(enum fault f) {
    return table[f].name;
}

const char *fault_argument(enum fault f) {
    return table[f].argument;
}

const char *fault_meaning(enum fault f) {
    return table[f].meaning;
}

bool fault_befalls(enum fault f, struct dice *dice) {
    return dice_below(dice, 100 * 1000) < state[f].number;
}

// ---- Setting ------------------------------------------------------------------------------------

static bool is_event(enum fault f) {
    return f >= HALF_OPEN;
}

// Plans the event after the last, about so many seconds after it.
static void plan(enum fault f) {
    struct dice dice = fault_dice(f, state[f].strikes);
    uint32_t ms = state[f].number;
    state[f].due_us = ms == 0 ? NEVER : now_us + dice_between(&dice, ms / 2, ms + ms / 2) * 1000ull;
}

void fault_start(uint64_t from) {
    seed = from;
    for (uint32_t i = 0; i < FAULTS; i++) {
        state[i].due_us = NEVER;
        if (is_event((enum fault)i))
            plan((enum fault)i);
    }
}

const char *fault_set(const char *name, const char *number) {
    enum fault f = 0;
    while (f < FAULTS && strcmp(table[f].name, name) != 0)
        f++;
    if (f == FAULTS)
        return "no such fault";
    if (number == NULL && !is_event(f))
        return "it wants a number";
    if (number == NULL) {
        state[f].due_us = now_us;
        return NULL;
    }
    char *end;
    double value = strtod(number, &end);
    if (end == number || *end != '\0' || !(value >= 0 && value <= table[f].max))
        return "its number is not within bounds";
    state[f].number = (uint32_t)(value * 1000 + 0.5);
    if (is_event(f))
        plan(f);
    return NULL;
}

// ---- Events -------------------------------------------------------------------------------------

uint64_t fault_due_us(void) {
    uint64_t due_us = NEVER;
    for (uint32_t i = 0; i < FAULTS; i++)
        due_us = state[i].due_us < due_us ? state[i].due_us : due_us;
    return due_us;
}

bool fault_strikes(enum fault *f, struct dice *dice) {
    for (uint32_t i = 0; i < FAULTS; i++) {
        if (state[i].due_us > now_us)
            continue;
        *f = (enum fault)i;
        state[i].strikes++;
        *dice = fault_dice(i, state[i].strikes);
        dice_roll(dice);  // which the next event's time is taken from
        plan(*f);
        return true;
    }
    return false;
}
