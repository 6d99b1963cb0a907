// Reads configurations from texts in a test, with files to include, an environment, and a record of
// what is complained about.

#ifndef TESTS_CONF_READING_H
#define TESTS_CONF_READING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "tests/unit/conf/places.h"

static struct midge_config config;

// Every complaint of the last reading, a line each, with a letter for its severity: R, W or E.
static char said[1 << 20];

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%c %s\n", "RWE"[severity], line);
}

static const struct midge_reading reading = {
    .complain = complain,
    .include = include,
    .variable = variable,
#if MIDGE_TLS
    .secure = secure,
#endif
};

// Reads bytes that end where no byte more may be looked at.
static bool read_bytes(const char *text, size_t bytes) {
    char *exact = malloc(bytes + 1);
    assert_non_null(exact);
    // An allocation without the byte behind it, so that the sanitizer sees a step too far.
    exact = realloc(exact, bytes > 0 ? bytes : 1);
    memcpy(exact, text, bytes);
    said[0] = '\0';
    midge_config_defaults(&config);
    struct midge_source source = {"u.conf", exact, (uint32_t)bytes};
    bool good = midge_configure(&config, &source, &reading);
    free(exact);
    return good;
}

static inline bool read_text(const char *text) {
    return read_bytes(text, strlen(text));
}

// The text is good, and nothing is said of it.
static inline void read_good(const char *text) {
    bool good = read_text(text);
    assert_string_equal(said, "");
    assert_true(good);
}

// Exactly this is said of it.
static inline void read_bad(const char *text, const char *complaints) {
    assert_false(read_text(text));
    assert_string_equal(said, complaints);
}

// A text of the configuration.
static inline const char *text_of(midge_text t) {
    return midge_config_text(&config, t);
}

#endif
