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

// Steps over a string whose opening quote was taken.
static enum json_type string(struct json *j) {
    while (j->at < j->end) {
        uint8_t c = *j->at++;
        if (c == '"')
            return JSON_STRING;
        if (c < 0x20)
            return JSON_BAD;
        if (c != '\\')
            continue;
        if (j->at == j->end)
            return JSON_BAD;
        c = *j->at++;
        if (c == 'u') {
            if (hex4(j->at, j->end) < 0)
                return JSON_BAD;
            j->at += 4;
        } else if (memchr("\"\\/bfnrt", c, 8) == NULL) {
            return JSON_BAD;
        }
    }
    return JSON_BAD;
}

static bool digits(struct json *j) {
    const uint8_t *from = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
        j->at++;
    return j->at > from;
}

// Takes one of two bytes, if it is next.
static bool take_either(struct json *j, uint8_t a, uint8_t b) {
    bool is = j->at < j->end && (*j->at == a || *j->at == b);
    j->at += is;
    return is;
}

static enum json_type number(struct json *j) {
    take_either(j, '-', '-');
    const uint8_t *first = j->at;
    if (!digits(j) || (*first == '0' && j->at - first > 1) ||
        (take_either(j, '.', '.') && !digits(j)))
        return JSON_BAD;
    if (take_either(j, 'e', 'E')) {
        take_either(j, '+', '-');
        if (!digits(j))
            return JSON_BAD;
    }
    return JSON_NUMBER;
}

static enum json_type word(struct json *j) {
    static const struct {
        char text[6];
        uint8_t bytes;
        uint8_t type;
    } words[] = {{"null", 4, JSON_NULL}, {"true", 4, JSON_TRUE}, {"false", 5, JSON_FALSE}};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = words[i].bytes;
        if ((size_t)(j->end - j->at) >= n && memcmp(j->at, words[i].text, n) == 0) {
            j->at += n;
            return (enum json_type)words[i].type;
        }
    }
    return JSON_BAD;
}

// A value that is neither object nor array.
static enum json_type scalar(struct json *j) {
    if (j->at == j->end)
        return JSON_BAD;
    if (*j->at == '"') {
        j->at++;
        return string(j);
    }
    return *j->at == '-' || (*j->at >= '0' && *j->at <= '9') ? number(j) : word(j);
}

// A member's key, and the colon.
static bool key_of(struct json *j, struct json_piece *key) {
    if (!take(j, '"'))
        return false;
    key->bytes = j->at;
    key->type = string(j);
    key->n = (uint32_t)(j->at - 1 - key->bytes);
    return key->type == JSON_STRING && take(j, ':');
}

// Steps over a value, checking it. Nested ones are tracked by a bit a level: set for an object.
static enum json_type step_over(struct json *j) {
    struct json_piece key;
    enum json_type outer = JSON_BAD;
    uint64_t objects = 0;
    uint32_t depth = 0;
    for (;;) {
        skip_blanks(j);
        if (j->at < j->end && (*j->at == '{' || *j->at == '[')) {
            bool object = *j->at++ == '{';
            if (depth == JSON_DEPTH_MAX)
                return JSON_BAD;
            if (depth == 0)
                outer = object ? JSON_OBJECT : JSON_ARRAY;
            if (!take(j, object ? '}' : ']')) {
                objects = objects << 1 | object;
                depth++;
                if (object && !key_of(j, &key))
                    return JSON_BAD;
                continue;
            }
        } else {
            enum json_type type = scalar(j);
            if (type == JSON_BAD || depth == 0)
                return type;
        }
        // A value ended: so may those around it.
        for (; depth > 0; depth--, objects >>= 1) {
            if (take(j, ',')) {
                if ((objects & 1) && !key_of(j, &key))
                    return JSON_BAD;
                break;
            }
            if (!take(j, objects & 1 ? '}' : ']'))
                return JSON_BAD;
        }
        if (depth == 0)
            return outer;
    }
}

static void value(struct json *j, struct json_piece *piece) {
    skip_blanks(j);
    const uint8_t *from = j->at;
    piece->type = step_over(j);
    uint32_t quote = piece->type == JSON_STRING;
    piece->bytes = from + quote;
    piece->n = (uint32_t)(j->at - from) - 2 * quote;
}

bool json_enter(struct json *j) {
    return take(j, '{');
}

enum json_type json_of(const uint8_t *text, uint32_t n) {
    struct json j = {.at = text, .end = text + n};
    enum json_type type = step_over(&j);
    return json_ended(&j) ? type : JSON_BAD;
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
    if (!key_of(j, key))
        return false;
    value(j, val);
    j->bad = val->type == JSON_BAD;
    return !j->bad;
}

bool json_key_is(const struct json_piece *key, const char *name) {
    if (key->n != strlen(name))
        return false;
    for (uint32_t i = 0; i < key->n; i++) {
        uint8_t b = key->bytes[i];
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

uint32_t json_decode(const struct json_piece *string, uint8_t *to) {
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    const uint8_t *p = string->bytes;
    const uint8_t *end = p + string->n;
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
