// Variables and includes: what they add to the reader's steps. Only where MIDGE_CONFIG_HUB is set.
//
// A key that is in reach as a variable is a bookmark into the text. As in nats-server, a variable
// must be defined before its use, in the map that holds the use or one around it, or else in the
// environment; an included text sees only its own.

#ifndef CONF_REFERENCE_H
#define CONF_REFERENCE_H

#include <stdbool.h>

#include "broker/conf/reader.h"

void references_begin(struct reader *r);

// A pair begins, with its key.
bool reference_define(struct reader *r, struct entry *e, const struct item *key);
void reference_unknown(struct reader *r, const struct entry *e, const char *sentence);

// A value was read. A variable is replaced by what it stands for, and the lexer moved there.
struct detour {
    bool variable;
    struct lexer back;  // where it goes on behind the variable
    uint32_t in_sight;  // definitions that are seen where the value was written
};
bool reference_follow(struct reader *r, struct entry *e, struct detour *detour);

// It turned out to be a map or array, and was opened; or a scalar, and is complete.
void reference_enter(struct reader *r, const struct entry *e, const struct detour *detour);
bool reference_return(struct reader *r, const struct entry *e, const struct detour *detour);

// Opens an included text.
void reference_include(struct reader *r, struct word path);

// What was opened last was closed. Answers whether it was an included text.
bool reference_leave(struct reader *r);

// Adds to a complaint by which includes its place was reached, and if asked by which variable.
void reference_trail(const struct reader *r, bool variable, struct format *f);

#endif
