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

static struct midge_config config;

// Every complaint of the last reading, a line each, with a letter for its severity: R, W or E.
static char said[1 << 20];

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%c %s\n", "RWE"[severity], line);
}

// Files that can be included, by name, and variables of the environment.
struct named {
    const char *name;
    const char *text;
};

static const struct named files[] = {
    {"port.conf", "port: 4333\n"},
    {"users.conf", "users: [ {user: ada, password: lovelace} ]"},
    {"broken.conf", "port: 1\nhost: [\n"},
    {"unknown.conf", "\n\n  foo: 1"},
    {"nested.conf", "include port.conf\nhost: nested"},
    {"loop.conf", "include loop.conf"},
    {"outer.conf", "host: $OUTER"},
    {"define.conf", "INNER: included"},
    {"empty.conf", ""},
};

static const struct named variables[] = {
    {"PORT", "4334"},        {"NAME", "'a name'"}, {"LIST", "[a, b]"},
    {"MAP", "{publish: x}"}, {"BAD", "a b"},       {"SELF", "$SELF"},
    {"CHAIN", "$PORT"},      {"BROKEN", "[a"},     {"ESCAPED", "\"a\\x41\""},
};

static const char *include(void *context, const char *from, const char *path, uint32_t path_bytes,
                           struct midge_source *found) {
    (void)context;
    (void)from;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct named *f = &files[i];
        if (strlen(f->name) == path_bytes && memcmp(f->name, path, path_bytes) == 0) {
            *found = (struct midge_source){f->name, f->text, (uint32_t)strlen(f->text)};
            return NULL;
        }
    }
    static char reason[256];
    snprintf(reason, sizeof reason, "open %.*s: no such file or directory", (int)path_bytes, path);
    return reason;
}

static const char *variable(void *context, const char *name, uint32_t name_bytes) {
    (void)context;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const struct named *v = &variables[i];
        if (strlen(v->name) == name_bytes && memcmp(v->name, name, name_bytes) == 0)
            return v->text;
    }
    return NULL;
}

static const struct midge_reading reading = {complain, include, variable, NULL};

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
