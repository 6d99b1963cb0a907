// The arguments of a control line.

#ifndef CORE_ARGS_H
#define CORE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct word {
    const uint8_t *bytes;
    uint32_t n;
};

// As many as the longest line has, HMSG with a reply; more than any command takes.
#define WORDS_MAX 6

static inline bool is_blank(uint8_t b) {
    return b == ' ' || b == '\t';
}

// Splits arguments at blanks. Answers how many words there are, at most WORDS_MAX.
uint32_t args_split(const uint8_t *args, uint32_t n, struct word *words);

// As args_split, where line ends part words too; they become blanks.
uint32_t args_split_lines(uint8_t *args, uint32_t n, struct word *words);

// A size as nats-server reads it: one to nine digits, else -1.
int32_t args_size(struct word w);

#endif
