#include "broker/ops/names.h"

#include "broker/core/chars.h"

const char *names_at(const char *names, uint32_t i) {
    for (; i > 0; i--)
        names = names_next(names);
    return names;
}

int names_find(const char *names, uint32_t count, const char *text) {
    for (uint32_t i = 0; i < count; i++) {
        if (chars_same(names, text))
            return (int)i;
        names = names_next(names);
    }
    return -1;
}
