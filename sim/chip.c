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
    c->writing = c->halved = false;
    c->work = (struct settings_work){0};
    c->old = 0;
    c->bytes[0] = -1;
}

// ---- Power --------------------------------------------------------------------------------------

static bool is_text(const struct chip *c, uint32_t i, const char *text, int32_t bytes) {
    if (bytes < 0 || c->bytes[i] < 0)
        return bytes < 0 && c->bytes[i] < 0;
    return bytes == c->bytes[i] && memcmp(text, c->text[i], (uint32_t)bytes) == 0;
}

// What is read must be the text before, or, where a new one is on its way, that. Answers whether it
// is the new one, which takes the place of the other.
static bool settle(struct world *w, struct chip *c, bool maybe_new, const char *wrong) {
    static char text[SETTINGS_TEXT_MAX];
    int32_t bytes = settings_read(text);
    bool is_new = maybe_new && is_text(c, 1 - c->old, text, bytes);
    if (!is_new && !is_text(c, c->old, text, bytes) && !(c->halved && bytes < 0))
        world_fail(w, wrong);
    if (is_new)
        c->old = 1 - c->old;
    c->halved = c->halved && !is_new;
    c->writing = false;
    c->flash.cut_in = 0;
    return is_new;
}

int32_t chip_start(struct world *w, struct site *s, char text[SETTINGS_TEXT_MAX]) {
    struct chip *c = &s->chip;
    flash_select(&c->flash);
    flash_power(&c->flash);
    settle(w, c, c->writing, "a configuration in flash is neither the one before nor the new one");
    if (w->swarm.rewrite_us > 0)
        plan(w, s, w->swarm.rewrite_us);
    return settings_read(text);
}

void chip_cut(struct site *s) {
    if (!s->chip.flash.off)
        flash_cut(&s->chip.flash);
}

// ---- Writing ------------------------------------------------------------------------------------

// The operation that power is cut in: mostly one of the last, which decide what is in force.
static uint32_t when_to_cut(struct world *w, const struct chip *c) {
    uint32_t bytes = c->bytes[1 - c->old] > 0 ? (uint32_t)c->bytes[1 - c->old] : 0;
    uint32_t erasures = SETTINGS_SLOT_BYTES / c->flash.geometry.sector_bytes;
    uint32_t all = erasures + bytes / SETTINGS_HEADER_BYTES + 4;
    return dice_once_in(&w->dice, 3) ? dice_between(&w->dice, 1, all)
                                     : all - dice_below(&w->dice, 3);
}

static void begin(struct world *w, struct site *s) {
    struct chip *c = &s->chip;
    uint32_t new = 1 - c->old;
    c->writing = true;
    c->flash.failures = 0;
    if (dice_once_in(&w->dice, 8)) {
        c->bytes[new] = -1;
        settings_erase(&c->work);
    } else {
        c->bytes[new] = (int32_t)site_compose(w, s, c->text[new], sizeof c->text[new]);
        settings_write(&c->work, c->text[new], (uint32_t)c->bytes[new]);
    }
    if (dice_once_in(&w->dice, w->swarm.tear))
        c->flash.cut_in = when_to_cut(w, c);
}

// It has ended, and is in force, or else its operator is told why not.
static void finish(struct world *w, struct chip *c, int32_t answer) {
    const char *wrong = "a configuration was not written as its operator was told";
    if ((answer < 0) != (c->flash.failures > 0))
        world_fail(w, "what flash had to say was not passed on");
    c->halved = c->halved || (answer < 0 && c->bytes[1 - c->old] < 0);
    if (!settle(w, c, answer == 0, wrong) && answer == 0)
        world_fail(w, wrong);
}

void chip_act(struct world *w, struct site *s) {
    struct chip *c = &s->chip;
    if (!s->powered) {
        site_start(w, s);
        return;
    }
    flash_select(&c->flash);
    if (w->quiet) {
        c->flash.cut_in = 0;
        if (!c->writing)
            return;
    }
    if (c->writing)
        flash_end(&c->flash);
    else
        begin(w, s);
    int32_t answer = settings_proceed(&c->work);
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
