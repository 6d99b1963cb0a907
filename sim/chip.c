#include "sim/chip.h"

#include <string.h>

#include "sim/site.h"
#include "sim/world.h"

static void plan(struct world *w, const struct site *s, uint32_t mean_us) {
    uint32_t wait = 1 + dice_around(&w->dice, mean_us);
    agenda_plan(&w->agenda, SLOT_CHIP + (uint32_t)(s - w->sites), w->now_us + wait);
}

void chip_make(struct world *w, struct site *s) {
    struct dice *d = &w->dice;
    struct chip *c = &s->chip;
    const struct hal_flash geometry = {.sector_bytes = FLASH_SECTOR_MIN << dice_below(d, 4),
                                       .program_bytes = 1u << dice_below(d, 6),
                                       .bytes = FLASH_BYTES_MAX};
    flash_make(&c->flash, geometry, dice_roll(d));
    c->flash.looks = FLASH_LOOKS_NEVER;
    c->flash.endurance = dice_once_in(d, 3) ? dice_between(d, 2, 300) : 0;
    c->writing = c->erasing = c->on_trial = c->torn = c->halved = false;
    c->confirmed = c->begun = c->trying = false;
    c->work = (struct slots_work){0};
    c->kept.bytes = c->trial.bytes = c->next.bytes = -1;
}

// ---- Power --------------------------------------------------------------------------------------

static bool is_text(const struct chip_text *a, const struct chip_text *b) {
    if (a->bytes < 0 || b->bytes < 0)
        return a->bytes < 0 && b->bytes < 0;
    return a->bytes == b->bytes && memcmp(a->text, b->text, (uint32_t)a->bytes) == 0;
}

static bool is_next(const struct chip *c, const struct chip_text *t, bool on_trial) {
    return c->writing && c->on_trial == on_trial && t->bytes >= 0 && is_text(t, &c->next);
}

static bool is_on_trial(const struct chip *c, const struct chip_text *t) {
    return is_next(c, t, true) ||
           (t->bytes >= 0 && is_text(t, &c->trial) && (!c->begun || c->torn));
}

// Whether a start may run with what is kept, where there may be something new.
static bool is_kept(const struct chip *c, const struct chip_text *t) {
    bool due = c->trial.bytes >= 0 && !c->begun && !c->torn;
    return (is_text(t, &c->kept) && !due) || is_next(c, t, false) || (c->halved && t->bytes < 0) ||
           (c->confirmed && is_text(t, &c->trial));
}

static void read(enum slots_state state, struct chip_text *t) {
    t->bytes = slots_read(&settings_slots, state, t->text, sizeof t->text);
}

// Power comes on, and a start looks for what it is to run with.
static enum slots_state begin_life(struct chip *c, uint32_t cut_in) {
    flash_power(&c->flash);
    c->flash.cut_in = cut_in;
    c->flash.looks = 0;
    c->flash.failures = 0;
    enum slots_state state = slots_start(&settings_slots);
    c->flash.looks = FLASH_LOOKS_NEVER;
    c->flash.cut_in = 0;
    // Where that could not be marked, there is no trial.
    c->torn = c->torn || c->flash.off || c->flash.failures > 0;
    return state;
}

int32_t chip_start(struct world *w, struct site *s, char text[SETTINGS_TEXT_MAX]) {
    struct chip *c = &s->chip;
    static struct chip_text found;
    flash_select(&c->flash);
    if (dice_once_in(&w->dice, 8))
        begin_life(c, dice_between(&w->dice, 1, 2));
    enum slots_state state = begin_life(c, 0);
    read(state, &found);
    c->trying = state == SLOTS_ON_TRIAL;
    if (!(c->trying ? is_on_trial(c, &found) : is_kept(c, &found)))
        world_fail(w, "a configuration in flash is neither the one before nor the new one");
    if (!c->trying)
        c->kept = found;
    // What had its start may lie there for long.
    read(SLOTS_ON_TRIAL, &c->trial);
    if (state == SLOTS_KEPT || state == SLOTS_EMPTY)
        c->trial.bytes = -1;
    c->begun = true;
    c->writing = c->erasing = c->halved = c->confirmed = false;
    c->torn = c->flash.failures > 0;
    if (w->swarm.rewrite_us > 0)
        plan(w, s, w->swarm.rewrite_us);
    if (found.bytes > 0)
        memcpy(text, found.text, (uint32_t)found.bytes);
    return found.bytes;
}

void chip_cut(struct site *s) {
    if (!s->chip.flash.off)
        flash_cut(&s->chip.flash);
}

// ---- Writing ------------------------------------------------------------------------------------

// The operation that power is cut in: mostly one of the last, which decide what is in force.
static uint32_t when_to_cut(struct world *w, const struct chip *c) {
    uint32_t bytes = c->next.bytes > 0 ? (uint32_t)c->next.bytes : 0;
    uint32_t erasures = SETTINGS_SLOT_BYTES / c->flash.geometry.sector_bytes;
    uint32_t all = erasures + bytes / SLOTS_HEADER_BYTES + 4;
    return dice_once_in(&w->dice, 3) ? dice_between(&w->dice, 1, all)
                                     : all - dice_below(&w->dice, 3);
}

static void begin(struct world *w, struct site *s) {
    struct chip *c = &s->chip;
    c->flash.failures = 0;
    c->torn = true;
    if (dice_once_in(&w->dice, 8)) {
        c->erasing = c->halved = true;
        c->next.bytes = -1;
        slots_erase(&c->work, &settings_slots);
    } else {
        c->writing = true;
        c->next.bytes = (int32_t)site_compose(w, s, c->next.text, sizeof c->next.text);
        c->on_trial = slots_try(&c->work, &settings_slots, c->next.text, (uint32_t)c->next.bytes);
    }
    if (dice_once_in(&w->dice, w->swarm.tear))
        c->flash.cut_in = when_to_cut(w, c);
}

// It has ended, and is there, or else its operator is told why not.
static void finish(struct world *w, struct chip *c, int32_t answer) {
    c->flash.cut_in = 0;
    if ((answer < 0) != (c->flash.failures > 0))
        world_fail(w, "what flash had to say was not passed on");
    if (answer == 0) {
        c->trial.bytes = -1;
        if (c->erasing)
            c->kept.bytes = -1;
        else
            *(c->on_trial ? &c->trial : &c->kept) = c->next;
        c->begun = c->torn = c->halved = false;
    }
    c->writing = c->erasing = false;
}

// What is on trial has worked; or it has not in time, and a reset ends it. Flash that fails is told
// of, and the operator resets.
static void end_trial(struct world *w, struct site *s) {
    struct chip *c = &s->chip;
    int32_t answer = HAL_ERR_IO;
    if (!dice_once_in(&w->dice, 3)) {
        c->confirmed = true;
        c->flash.looks = 0;
        c->flash.cut_in = dice_once_in(&w->dice, w->swarm.tear) ? dice_between(&w->dice, 1, 2) : 0;
        answer = slots_keep(&settings_slots);
        c->flash.looks = FLASH_LOOKS_NEVER;
        c->flash.cut_in = 0;
    }
    if (answer == 0) {
        c->kept = c->trial;
        c->trial.bytes = -1;
        c->trying = c->confirmed = false;
    } else {
        site_cut(w, s);
    }
    plan(w, s, w->swarm.rewrite_us);
}

void chip_act(struct world *w, struct site *s) {
    struct chip *c = &s->chip;
    if (!s->powered) {
        site_start(w, s);
        return;
    }
    bool busy = c->writing || c->erasing;
    flash_select(&c->flash);
    if (w->quiet) {
        c->flash.cut_in = 0;
        if (!busy)
            return;
    }
    if (c->trying) {
        end_trial(w, s);
        return;
    }
    if (busy)
        flash_end(&c->flash);
    else
        begin(w, s);
    int32_t answer = slots_proceed(&c->work);
    if (c->flash.off) {
        site_cut(w, s);
        plan(w, s, w->swarm.rewrite_us);
        return;
    }
    w->hash = (w->hash ^ (uint32_t)answer) * 0x100000001b3;
    if (answer > 0) {
        plan(w, s, w->swarm.rewrite_us / (c->flash.operation == FLASH_ERASE ? 8 : 64));
        return;
    }
    finish(w, c, answer);
    // Who hears that flash is worn tries again after a while.
    plan(w, s, answer < 0 ? 4 * w->swarm.rewrite_us : w->swarm.rewrite_us);
}
