#include "tests/fuzz/rig.h"

#include <string.h>

// The millisecond clock wraps a minute after the start.
#define START_US ((uint64_t)(UINT32_MAX - 60000) * 1000)

uint8_t feed_byte(struct feed *f) {
    if (f->left == 0)
        return 0;
    f->left--;
    return *f->at++;
}

uint8_t *feed_copy(struct feed *f, uint32_t *n) {
    if (*n > f->left)
        *n = (uint32_t)f->left;
    uint8_t *copy = malloc(*n);
    if (*n > 0)
        memcpy(copy, f->at, *n);
    f->at += *n;
    f->left -= *n;
    return copy;
}

static bool entropy(void *to, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        ((uint8_t *)to)[i] = (uint8_t)(i * 37 + 11);
    return true;
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    (void)line;
    MUST(severity != MIDGE_ERROR);
}

void rig_configure(struct midge_config *config, const char *text) {
    struct midge_source source = {"fuzz", text, (uint32_t)strlen(text)};
    struct midge_reading reading = {.complain = complain};
    midge_config_defaults(config);
    config->entropy = entropy;
    MUST(midge_configure(config, &source, &reading));
    MUST(midge_config_complete(config, &reading));
}

void rig_start(struct midge *m, const struct midge_config *config) {
    memset(m, 0, sizeof *m);
    struct midge_now now = {.us = START_US, .wall_us = START_US, .ms = (uint32_t)(START_US / 1000)};
    MUST(midge_init(m, config, now));
    midge_host(m, &(struct midge_host){.cores = 1, .port = 4222, .platform = "fuzz"});
}

void rig_turn(struct midge *m) {
    midge_turn(m, m->now);
}
