// Every subject over a tiny alphabet, and what they mean, spelled out as plainly as can be.

#ifndef UNIT_NAMES_H
#define UNIT_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TOKENS_MAX 4

struct name {
    const char *tokens[TOKENS_MAX];
    uint32_t count;
    char text[2 * TOKENS_MAX + 1];
    uint32_t n;
};

// Lists every name of 1..longest tokens out of an alphabet of one-letter or empty tokens.
static inline uint32_t names_list(const char *const *alphabet, uint32_t letters, uint32_t longest,
                                  struct name *names) {
    uint32_t listed = 0;
    for (uint32_t count = 1, all = letters; count <= longest; count++, all *= letters) {
        for (uint32_t code = 0; code < all; code++) {
            struct name *name = &names[listed++];
            *name = (struct name){.count = count};
            for (uint32_t i = 0, rest = code; i < count; i++, rest /= letters) {
                name->tokens[i] = alphabet[rest % letters];
                if (i > 0)
                    strcat(name->text, ".");
                strcat(name->text, name->tokens[i]);
            }
            name->n = (uint32_t)strlen(name->text);
        }
    }
    return listed;
}

static inline bool token_is(const struct name *name, uint32_t i, const char *token) {
    return strcmp(name->tokens[i], token) == 0;
}

static inline bool name_valid(const struct name *name, bool wildcards) {
    for (uint32_t i = 0; i < name->count; i++) {
        if (token_is(name, i, ""))
            return false;
        if (token_is(name, i, ">") && (!wildcards || i + 1 < name->count))
            return false;
        if (token_is(name, i, "*") && !wildcards)
            return false;
    }
    return true;
}

// Whether a valid pattern matches a literal name.
static inline bool name_matches(const struct name *pattern, const struct name *literal) {
    for (uint32_t i = 0; i < pattern->count; i++) {
        if (i == literal->count)
            return false;
        if (token_is(pattern, i, ">"))
            return true;
        if (!token_is(pattern, i, "*") && !token_is(literal, i, pattern->tokens[i]))
            return false;
    }
    return pattern->count == literal->count;
}

#endif
