#include "broker/core/json.h"

#include <string.h>

static void skip_blanks(struct json *j) {
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r' || *j->at == '\n'))
        j->at++;
}

static bool take(struct json *j, uint8_t c) {
    skip_blanks(j);
    if (j->at == j->end || *j->at != c)
        return false;
    j->at++;
    return true;
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Four hex digits at p, or -1.
static int32_t hex4(const uint8_t *p, const uint8_t *end) {
    int32_t v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

// The string whose opening quote was taken.
static struct json_piece string(struct json *j) {
    struct json_piece piece = {JSON_BAD, j->at, 0};
    for (; j->at < j->end; j->at++) {
        uint8_t c = *j->at;
        if (c == '"') {
            piece.type = JSON_STRING;
            piece.n = (uint32_t)(j->at++ - piece.bytes);
            return piece;
        }
        if (c < 0x20)
            return piece;
        if (c != '\\')
            continue;
        if (++j->at == j->end)
            return piece;
        if (*j->at == 'u') {
            if (hex4(j->at + 1, j->end) < 0)
                return piece;
            j->at += 4;
        } else if (memchr("\"\\/bfnrt", *j->at, 8) == NULL) {
            return piece;
        }
    }
    return piece;
}

static bool digits(struct json *j) {
    const uint8_t *from = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
        j->at++;
    return j->at > from;
}

static struct json_piece number(struct json *j) {
    struct json_piece piece = {JSON_BAD, j->at, 0};
    if (*j->at == '-')
        j->at++;
    const uint8_t *first = j->at;
    if (!digits(j) || (*first == '0' && j->at - first > 1))
        return piece;
    if (j->at < j->end && *j->at == '.') {
        j->at++;
        if (!digits(j))
            return piece;
    }
    if (j->at < j->end && (*j->at | 0x20) == 'e') {
        j->at++;
        if (j->at < j->end && (*j->at == '+' || *j->at == '-'))
            j->at++;
        if (!digits(j))
            return piece;
    }
    piece.type = JSON_NUMBER;
    piece.n = (uint32_t)(j->at - piece.bytes);
    return piece;
}

static struct json_piece word(struct json *j) {
    static const struct {
        const char *text;
        enum json_type type;
    } words[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i].text);
        if ((size_t)(j->end - j->at) >= n && memcmp(j->at, words[i].text, n) == 0) {
            struct json_piece piece = {words[i].type, j->at, (uint32_t)n};
            j->at += n;
            return piece;
        }
    }
    return (struct json_piece){JSON_BAD, j->at, 0};
}

// A value that is neither object nor array.
static struct json_piece scalar(struct json *j) {
    if (j->at == j->end)
        return (struct json_piece){JSON_BAD, j->at, 0};
    if (*j->at == '"') {
        j->at++;
        return string(j);
    }
    if (*j->at == '-' || (*j->at >= '0' && *j->at <= '9'))
        return number(j);
    return word(j);
}

// Steps over a value, checking it. Nested ones are tracked by a bit a level: set for an object.
static struct json_piece value(struct json *j) {
    skip_blanks(j);
    struct json_piece whole = {JSON_BAD, j->at, 0};
    uint64_t objects = 0;
    uint32_t depth = 0;
    for (;;) {
        skip_blanks(j);
        if (j->at < j->end && (*j->at == '{' || *j->at == '[')) {
            bool object = *j->at++ == '{';
            if (depth == JSON_DEPTH_MAX)
                return whole;
            objects = objects << 1 | object;
            depth++;
            if (!take(j, object ? '}' : ']')) {
                if (object && (!take(j, '"') || string(j).type == JSON_BAD || !take(j, ':')))
                    return whole;
                continue;
            }
            objects >>= 1;
            depth--;
        } else {
            struct json_piece piece = scalar(j);
            if (piece.type == JSON_BAD || depth == 0)
                return piece;
        }
        // A value ended: so may those around it.
        while (depth > 0) {
            if (take(j, ',')) {
                if ((objects & 1) && (!take(j, '"') || string(j).type == JSON_BAD || !take(j, ':')))
                    return whole;
                break;
            }
            if (!take(j, objects & 1 ? '}' : ']'))
                return whole;
            objects >>= 1;
            depth--;
        }
        if (depth == 0) {
            whole.type = *whole.bytes == '{' ? JSON_OBJECT : JSON_ARRAY;
            whole.n = (uint32_t)(j->at - whole.bytes);
            return whole;
        }
    }
}

bool json_enter(struct json *j) {
    return take(j, '{');
}

bool json_null(struct json *j) {
    return value(j).type == JSON_NULL && json_ended(j);
}

bool json_member(struct json *j, struct json_piece *key, struct json_piece *val) {
    if (take(j, '}'))
        return false;
    // Behind the first member comes a comma. The key's piece tells which one this is.
    if (key->type == JSON_STRING && !take(j, ',')) {
        j->bad = true;
        return false;
    }
    j->bad = true;
    if (!take(j, '"'))
        return false;
    *key = string(j);
    if (key->type == JSON_BAD || !take(j, ':'))
        return false;
    *val = value(j);
    if (val->type == JSON_BAD)
        return false;
    j->bad = false;
    return true;
}

bool json_key_is(struct json_piece key, const char *name) {
    if (key.n != strlen(name))
        return false;
    for (uint32_t i = 0; i < key.n; i++) {
        uint8_t b = key.bytes[i];
        if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != (uint8_t)name[i])
            return false;
    }
    return true;
}

bool json_ended(struct json *j) {
    skip_blanks(j);
    return j->at == j->end;
}

static uint32_t put_utf8(uint8_t *to, uint32_t rune) {
    if (rune < 0x80) {
        to[0] = (uint8_t)rune;
        return 1;
    }
    uint32_t n = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (uint32_t i = n - 1; i > 0; i--, rune >>= 6)
        to[i] = (uint8_t)(0x80 | (rune & 0x3f));
    to[0] = (uint8_t)((0xf00u >> n & 0xff) | rune);
    return n;
}

uint32_t json_decode(struct json_piece s, uint8_t *to) {
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    const uint8_t *p = s.bytes;
    const uint8_t *end = p + s.n;
    uint32_t n = 0;
    while (p < end) {
        if (*p != '\\') {
            to[n++] = *p++;
            continue;
        }
        p++;
        if (*p != 'u') {
            const char *name = memchr(names, *p, sizeof names - 1);
            to[n++] = name != NULL ? (uint8_t)values[name - names] : *p;
            p++;
            continue;
        }
        uint32_t rune = (uint32_t)hex4(p + 1, end);
        p += 5;
        if (rune >= 0xd800 && rune < 0xe000) {
            // A high surrogate wants a low one right behind it; anything else is replaced.
            uint32_t low =
                end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? (uint32_t)hex4(p + 2, end) : 0;
            if (rune < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
                p += 6;
            } else {
                rune = 0xfffd;
            }
        }
        n += put_utf8(to + n, rune);
    }
    return n;
}
