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

// `rest` says whether a last `>` of s stands for more than a token. A publisher's subject is held
// against every pattern of its permissions, most of which differ soon: so byte by byte.
static bool matches(const uint8_t *p, uint32_t pattern_bytes, const uint8_t *s, uint32_t n,
                    bool rest) {
    const uint8_t *const p_end = p + pattern_bytes;
    const uint8_t *const end = s + n;
    // At the beginning of a token of each.
    for (;; p++, s++) {
        if (s == end || *s == '.' || p == p_end)
            return false;
        if (*p == '>' && p + 1 == p_end)
            break;
        if (*p == '*' && (p + 1 == p_end || p[1] == '.')) {
            if (rest && *s == '>' && s + 1 == end)
                return false;
            p++;
            while (s < end && *s != '.')
                s++;
        } else {
            while (p < p_end && s < end && *p == *s && *p != '.')
                p++, s++;
        }
        if (s == end || p == p_end)
            return s == end && p == p_end;
        if (*s != '.' || *p != '.')
            return false;
    }
    for (; s < end; s++) {
        if (*s == '.' && (s + 1 == end || s[1] == '.'))
            return false;
    }
    return true;
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
