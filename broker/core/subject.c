#include "broker/core/subject.h"

#include <string.h>

// The token of s that begins at `at`; moves `at` behind its dot, or past the end.
struct token {
    const uint8_t *bytes;
    uint32_t n;
};

static struct token token_next(const uint8_t *s, uint32_t n, uint32_t *at) {
    uint32_t from = *at;
    uint32_t to = from;
    while (to < n && s[to] != '.')
        to++;
    *at = to + 1;
    return (struct token){s + from, to - from};
}

static bool is(struct token t, char wildcard) {
    return t.n == 1 && t.bytes[0] == (uint8_t)wildcard;
}

static bool same(struct token a, struct token b) {
    return a.n == b.n && memcmp(a.bytes, b.bytes, a.n) == 0;
}

static bool sound(const uint8_t *s, uint32_t n, bool wildcards) {
    for (uint32_t at = 0; at <= n;) {
        struct token t = token_next(s, n, &at);
        if (t.n == 0 || (is(t, '>') && (!wildcards || at <= n)) || (is(t, '*') && !wildcards))
            return false;
    }
    return true;
}

bool subject_valid(const uint8_t *s, uint32_t n) {
    return sound(s, n, true);
}

bool subject_literal(const uint8_t *s, uint32_t n) {
    return sound(s, n, false);
}

// `rest` says whether a last `>` of s stands for more than a token.
static bool matches(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n,
                    bool rest) {
    uint32_t p = 0;
    uint32_t at = 0;
    bool all = false;  // the pattern ended with `>`
    while (at <= n) {
        struct token have = token_next(s, n, &at);
        if (have.n == 0)
            return false;
        if (all)
            continue;
        if (p > pattern_bytes)
            return false;
        struct token want = token_next(pattern, pattern_bytes, &p);
        all = is(want, '>') && p > pattern_bytes;
        if (all)
            continue;
        if (rest && is(have, '>') && at > n)
            return false;
        if (!is(want, '*') && !same(want, have))
            return false;
    }
    return all || p > pattern_bytes;
}

bool subject_matches(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n) {
    return matches(pattern, pattern_bytes, s, n, false);
}

bool subject_covers(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n) {
    return matches(pattern, pattern_bytes, s, n, true);
}

bool subject_overlaps(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes) {
    uint32_t i = 0;
    uint32_t j = 0;
    while (i <= a_bytes && j <= b_bytes) {
        struct token x = token_next(a, a_bytes, &i);
        struct token y = token_next(b, b_bytes, &j);
        if (is(x, '>') || is(y, '>'))
            return true;
        if (!is(x, '*') && !is(y, '*') && !same(x, y))
            return false;
    }
    return i > a_bytes && j > b_bytes;
}

uint32_t subject_tokens(const uint8_t *s, uint32_t n) {
    uint32_t tokens = 1;
    for (uint32_t i = 0; i < n; i++)
        tokens += s[i] == '.';
    return tokens;
}
