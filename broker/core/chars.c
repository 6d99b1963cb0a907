#include "broker/core/chars.h"

#include <stddef.h>

bool chars_same(const char *a, const char *b) {
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    return *a == *b;
}

const char *chars_find(const char *text, char c) {
    while (*text != c && *text != '\0')
        text++;
    return *text == c ? text : NULL;
}
