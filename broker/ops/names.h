// Names in one text, each with a NUL behind it: a pointer for each would take four bytes more.

#ifndef OPS_NAMES_H
#define OPS_NAMES_H

#include <stdint.h>
#include <string.h>

// The name that follows.
static inline const char *names_next(const char *name) {
    return name + strlen(name) + 1;
}

// The i-th, counted from 0.
const char *names_at(const char *names, uint32_t i);

// Which of `count` names a text is, -1 for none of them.
int names_find(const char *names, uint32_t count, const char *text);

#endif
