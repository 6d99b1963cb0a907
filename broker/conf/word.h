// Words: bytes of somebody else's, without a NUL at their end; and sentences made of them.

#ifndef CONF_WORD_H
#define CONF_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "broker/core/format.h"
#include "broker/limits.h"

struct word {
    const char *text;
    uint32_t bytes;
};

static inline struct word word(const char *text) {
    return (struct word){text, (uint32_t)strlen(text)};
}

static inline bool word_same(struct word a, struct word b) {
    return a.bytes == b.bytes && memcmp(a.text, b.text, a.bytes) == 0;
}

// Whether it is one of `names`, which `|` separates and which are in lower case if any case will
// do.
bool word_is(struct word w, const char *names, bool any_case);

// The decimal digits of a number, in `digits`.
#define DIGITS_MAX 21
struct word word_of(int64_t value, char digits[DIGITS_MAX]);

// Appends a sentence, in which %s stands for the next of the words, and %q for it in quotes.
void format_words(struct format *f, const char *sentence, const struct word *words);

// What is wrong: in nats-server's sentence, or else as what was expected, in few words.
#if MIDGE_CONFIG_HUB
#define SAY(sentence, expected) sentence
#else
#define SAY(sentence, expected) expected
#endif

#define WORDS(...) ((const struct word[]){__VA_ARGS__})

#endif
