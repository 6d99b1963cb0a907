// What the kept configurations include, and the environment in which they are read.

#ifndef TESTS_CONF_PLACES_H
#define TESTS_CONF_PLACES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"

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

#if MIDGE_TLS
// Of all certificates one is not there.
static const char *secure(void *context, const struct midge_config *c,
                          const struct midge_tls_options *tls) {
    (void)context;
    return tls->cert_file != 0 && strcmp(midge_config_text(c, tls->cert_file), "none.pem") == 0
               ? "error parsing X509 certificate/key pair: open none.pem: no such file or directory"
               : NULL;
}
#endif

#endif
