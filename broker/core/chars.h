// Texts that end with a NUL. The C library's functions for them are unrolled for speed, which takes
// a chip 650 B.

#ifndef CORE_CHARS_H
#define CORE_CHARS_H

#include <stdbool.h>

bool chars_same(const char *a, const char *b);

// Where a text has the character c first; NULL for nowhere.
const char *chars_find(const char *text, char c);

#endif
