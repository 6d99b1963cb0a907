#include "sim/tree.h"

#include <stdlib.h>
#include <string.h>

#include "sim/words.h"

#define DEPTH_MAX 64

static void skip(struct tree *t) {
    while (t->at < t->end && strchr(" \t\r\n", *t->at) != NULL && *t->at != '\0')
        t->at++;
}

static bool take(struct tree *t, char c) {
    skip(t);
    bool is = t->at < t->end && *t->at == c;
    t->at += is;
    return is;
}

static bool string(struct tree *t, const char **text, uint32_t *n) {
    if (!take(t, '"'))
        return false;
    *text = t->at;
    while (t->at < t->end && *t->at != '"') {
        uint32_t rune = words_rune((const uint8_t *)t->at, (uint32_t)(t->end - t->at));
        if (rune == 0 || (uint8_t)*t->at < 0x20)
            return false;
        if (*t->at != '\\') {
            t->at += rune;
            continue;
        }
        if (t->end - t->at < 6)
            return false;
        bool hex = t->at[1] == 'u';
        if (hex ? strspn(t->at + 2, "0123456789abcdefABCDEF") < 4
                : memchr("\"\\/bfnrt", t->at[1], 8) == NULL)
            return false;
        t->at += hex ? 6 : 2;
    }
    *n = (uint32_t)(t->at - *text);
    return take(t, '"');
}

static uint32_t digits(struct tree *t) {
    const char *from = t->at;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9')
        t->at++;
    return (uint32_t)(t->at - from);
}

static bool number(struct tree *t) {
    t->at += *t->at == '-';
    bool zero = *t->at == '0';
    uint32_t n = digits(t);
    if (n == 0 || (zero && n > 1))
        return false;
    if (t->at < t->end && *t->at == '.') {
        t->at++;
        if (digits(t) == 0)
            return false;
    }
    return t->at == t->end || (*t->at != 'e' && *t->at != 'E');  // nobody here needs exponents
}

static bool literal(struct tree *t, const char *text) {
    size_t n = strlen(text);
    bool is = (size_t)(t->end - t->at) >= n && memcmp(t->at, text, n) == 0;
    t->at += is ? n : 0;
    return is;
}

static bool value(struct tree *t, uint32_t i, uint32_t depth);

// What an object or array holds, behind its bracket.
static bool inside(struct tree *t, uint32_t i, bool object, uint32_t depth) {
    uint32_t *link = &t->branch[i].first;
    if (depth == DEPTH_MAX)
        return false;
    if (take(t, object ? '}' : ']'))
        return true;
    do {
        if (t->count + 1 == TREE_BRANCHES_MAX)
            return false;
        uint32_t inner = ++t->count;
        struct branch *b = &t->branch[inner];
        *b = (struct branch){0};
        if (object && (!string(t, &b->key, &b->key_bytes) || !take(t, ':')))
            return false;
        for (uint32_t other = t->branch[i].first; object && other != 0;
             other = t->branch[other].next) {
            if (t->branch[other].key_bytes == b->key_bytes &&
                memcmp(t->branch[other].key, b->key, b->key_bytes) == 0)
                return false;
        }
        *link = inner;
        link = &b->next;
        t->branch[i].size++;
        if (!value(t, inner, depth + 1))
            return false;
    } while (take(t, ','));
    return take(t, object ? '}' : ']');
}

static bool value(struct tree *t, uint32_t i, uint32_t depth) {
    struct branch *b = &t->branch[i];
    skip(t);
    if (t->at == t->end)
        return false;
    b->text = t->at;
    bool good;
    if (*t->at == '"') {
        b->type = TREE_STRING;
        return string(t, &b->text, &b->text_bytes);
    }
    if (*t->at == '{' || *t->at == '[') {
        bool object = *t->at++ == '{';
        b->type = object ? TREE_OBJECT : TREE_ARRAY;
        good = inside(t, i, object, depth);
    } else if (literal(t, "null")) {
        good = true;
    } else if (literal(t, "true") || literal(t, "false")) {
        b->type = TREE_TRUTH;
        good = true;
    } else {
        b->type = TREE_NUMBER;
        good = number(t);
    }
    b->text_bytes = (uint32_t)(t->at - b->text);
    return good;
}

bool tree_read(struct tree *t, const char *text, uint32_t n) {
    t->at = text;
    t->end = text + n;
    t->count = 1;
    t->branch[0] = t->branch[1] = (struct branch){0};
    if (!value(t, 1, 0))
        return false;
    skip(t);
    return t->at == t->end;
}

uint32_t tree_member(const struct tree *t, uint32_t object, const char *key) {
    uint32_t i = t->branch[object].type == TREE_OBJECT ? t->branch[object].first : 0;
    while (i != 0 && (t->branch[i].key_bytes != strlen(key) ||
                      memcmp(t->branch[i].key, key, strlen(key)) != 0))
        i = t->branch[i].next;
    return i;
}

bool tree_truth(const struct tree *t, uint32_t i) {
    return t->branch[i].type == TREE_TRUTH && t->branch[i].text[0] == 't';
}

double tree_number(const struct tree *t, uint32_t i) {
    return t->branch[i].type == TREE_NUMBER ? strtod(t->branch[i].text, NULL) : 0;
}

uint64_t tree_count(const struct tree *t, uint32_t i) {
    const struct branch *b = &t->branch[i];
    bool plain = b->type == TREE_NUMBER && strspn(b->text, "0123456789") >= b->text_bytes;
    return plain ? strtoull(b->text, NULL, 10) : 0;
}

static uint32_t hex(const char *digits) {
    char text[5];
    memcpy(text, digits, 4);
    text[4] = '\0';
    return (uint32_t)strtoul(text, NULL, 16);
}

uint32_t tree_string(const struct tree *t, uint32_t i, char *to, uint32_t max) {
    const struct branch *b = &t->branch[i];
    uint32_t n = 0;
    for (uint32_t at = 0; b->type == TREE_STRING && at < b->text_bytes && n + 5 < max; at++) {
        const char *p = b->text + at;
        if (*p != '\\') {
            to[n++] = *p;
            continue;
        }
        at++;
        if (p[1] != 'u') {
            static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
            const char *name = strchr(names, p[1]);
            to[n++] = name != NULL ? values[name - names] : p[1];
            continue;
        }
        at += 4;
        uint32_t rune = hex(p + 2);
        if (rune >= 0x800) {
            to[n++] = (char)(0xe0 | rune >> 12);
            to[n++] = (char)(0x80 | (rune >> 6 & 0x3f));
        } else if (rune >= 0x80) {
            to[n++] = (char)(0xc0 | rune >> 6);
        }
        to[n++] = (char)(rune < 0x80 ? rune : 0x80 | (rune & 0x3f));
    }
    to[n] = '\0';
    return n;
}

bool tree_is(const struct tree *t, uint32_t i, const char *text) {
    static char decoded[4096];
    size_t n = strlen(text);
    return t->branch[i].type == TREE_STRING && tree_string(t, i, decoded, sizeof decoded) == n &&
           memcmp(decoded, text, n) == 0;
}
