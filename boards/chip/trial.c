#include "boards/chip/trial.h"

#include "boards/chip/console.h"
#include "boards/chip/identity.h"
#include "boards/chip/settings.h"
#include "hal/hal.h"

_Static_assert(TRIAL_S >= 1 && TRIAL_S <= 4000, "TRIAL_S: 1 to 4,000 s");

static const struct {
    const char *name;
    const struct slots *slots;
} kinds[TRIALS] = {
    [TRIAL_CONFIGURATION] = {"The new configuration", &settings_slots},
    [TRIAL_IDENTITY] = {"The new identity", &identity_slots},
};

static bool on[TRIALS];
static uint64_t end_us;

static void tell(enum trial which, enum midge_level level, const char *text) {
    console_begin(level);
    console_text(kinds[which].name);
    console_text(text);
    console_end();
}

void trial_begin(enum trial which) {
    on[which] = true;
    end_us = hal_us() + (uint64_t)TRIAL_S * 1000 * 1000;
    console_begin(MIDGE_WRN);
    console_text(kinds[which].name);
    console_text(" is on trial for ");
    console_number(TRIAL_S, 10);
    console_text(which == TRIAL_CONFIGURATION ? " s, until a client is let in, or you confirm it"
                                              : " s, until it is used, or you confirm it");
    console_end();
}

void trial_lost(enum trial which) {
    tell(which, MIDGE_WRN, " did not work: the one before it is back");
}

bool trial_is_on(void) {
    return on[TRIAL_CONFIGURATION] || on[TRIAL_IDENTITY];
}

void trial_end(enum trial which) {
    if (!on[which])
        return;
    on[which] = false;
    if (slots_keep(kinds[which].slots) == 0)
        tell(which, MIDGE_INF, " has worked: it is kept");
    else
        tell(which, MIDGE_ERR, " has worked, but flash fails: the next reset ends it");
}

void trial_turn(const struct midge *m) {
    if (!trial_is_on())
        return;
    if (on[TRIAL_CONFIGURATION] && midge_has_admitted(m))
        trial_end(TRIAL_CONFIGURATION);
    if (!trial_is_on() || hal_us() < end_us)
        return;
    for (uint32_t i = 0; i < TRIALS; i++) {
        if (on[i])
            tell(i, MIDGE_ERR, " did not work in time");
    }
    hal_reset();
}
