// CONNECT in all that clients make of it: members in any order and case, with escapes and blanks,
// unknown ones among them, values of wrong types, and what is no JSON at all; with a model of what
// it means to the broker. And INFO, of which each member is checked.

#ifndef SIM_GREETING_H
#define SIM_GREETING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/words.h"

struct world;
struct cable;
struct dice;

#define GREETING_TEXT_MAX 40

// What the broker knows of a client by its CONNECTs.
struct manners {
    bool verbose, pedantic, echo, headers, no_responders, async_info;
    char name[GREETING_TEXT_MAX], lang[GREETING_TEXT_MAX], version[GREETING_TEXT_MAX];
    char login[GREETING_TEXT_MAX];
};

// What comes of one.
enum welcome {
    WELCOME,
    WELCOME_PARSE_ERROR,    // the connection ends without a word
    WELCOME_NO_ENTRY,       // -ERR 'Authorization Violation'
    WELCOME_BAD_PROTOCOL,   // -ERR 'invalid client protocol'
    WELCOME_NEEDS_HEADERS,  // -ERR 'no responders requires headers support'
};

// Manners before the first CONNECT.
void greeting_begin(struct manners *m);

// A member that must be in a greeting: its name, and its value as JSON.
struct courtesy {
    const char *key;
    char value[GREETING_TEXT_MAX + 8];
};

// Writes a greeting that says these, and beside them what does no harm: its line, with its end.
// `m` becomes what they and the rest have made of it.
void greeting_write(struct dice *d, struct words *line, const struct courtesy *said, uint32_t count,
                    struct manners *m);

// Writes one that says these and anything else. Answers what comes of it, credentials aside.
enum welcome greeting_roll(struct dice *d, struct words *line, const struct courtesy *said,
                           uint32_t count, struct manners *m);

// NULL, or what is wrong with an INFO that came over a cable, given without its line end; and
// whether it tells a client that it has come in.
const char *greeting_info(const struct world *w, struct cable *c, const char *line, uint32_t n,
                          bool *connected);

// NULL, or what the broker takes a client for that it is not.
const char *greeting_known(const struct world *w, const struct cable *c, const struct manners *m);

#endif
