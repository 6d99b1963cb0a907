#include "broker/auth/dn.h"

#include <string.h>

#include "broker/limits.h"

#if MIDGE_TLS

// ---- Parsing ------------------------------------------------------------------------------------

static int digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Reads a type or a value up to the character that ends it, without escapes, and without blanks at
// its ends that are not escaped. Answers how much of the text that took, or 0 where it is bad.
static uint32_t read_piece(struct dn *dn, const char *text, uint32_t n, const char *ends) {
    uint32_t begin = dn->text_bytes;
    uint32_t blanks = 0;
    uint32_t i = 0;
    for (; i < n && (text[i] == '\0' || strchr(ends, text[i]) == NULL); i++) {
        char c = text[i];
        if (c == ' ' && dn->text_bytes == begin)
            continue;
        blanks = c == ' ' ? blanks + 1 : 0;
        if (c == '\\' && ++i < n && memchr(" \"#+,;<=>\\", text[i], 10) != NULL) {
            c = text[i];
        } else if (c == '\\') {
            if (i + 1 >= n || digit(text[i]) < 0 || digit(text[i + 1]) < 0)
                return 0;
            c = (char)(digit(text[i]) << 4 | digit(text[i + 1]));
            i++;
        }
        if (dn->text_bytes == DN_BYTES_MAX)
            return 0;
        dn->text[dn->text_bytes++] = c;
    }
    dn->text_bytes -= blanks;
    return i + 1;
}

bool dn_parse(struct dn *dn, const char *text, uint32_t n) {
    dn->count = dn->groups = dn->text_bytes = 0;
    bool joined = false;
    while (n > 0) {
        if (dn->count == DN_PARTS_MAX)
            return false;
        struct dn_part *part = &dn->parts[dn->count++];
        part->type = (uint16_t)dn->text_bytes;
        uint32_t used = read_piece(dn, text, n, "=,+");
        part->type_bytes = (uint16_t)(dn->text_bytes - part->type);
        // A value that begins with `#` is in BER, which is not compared.
        if (used == 0 || used >= n || text[used - 1] != '=' || part->type_bytes == 0 ||
            text[used] == '#')
            return false;
        text += used;
        n -= used;
        part->value = (uint16_t)dn->text_bytes;
        used = read_piece(dn, text, n, ",+");
        if (used == 0)
            return false;
        part->value_bytes = (uint16_t)(dn->text_bytes - part->value);
        dn->groups += !joined;
        part->group = (uint16_t)(dn->groups - 1);
        if (used >= n)
            return used > n;
        joined = text[used - 1] == '+';
        text += used;
        n -= used;
    }
    return false;
}

// ---- Comparing ----------------------------------------------------------------------------------

static bool same_type(const char *a, const char *b, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        bool letter = (a[i] | 0x20) >= 'a' && (a[i] | 0x20) <= 'z';
        if (a[i] != b[i] && (!letter || (a[i] ^ b[i]) != 0x20))
            return false;
    }
    return true;
}

static bool same_part(const struct dn *a, const struct dn_part *x, const struct dn *b,
                      const struct dn_part *y) {
    return x->type_bytes == y->type_bytes && x->value_bytes == y->value_bytes &&
           same_type(a->text + x->type, b->text + y->type, x->type_bytes) &&
           memcmp(a->text + x->value, b->text + y->value, x->value_bytes) == 0;
}

// Whether each attribute of a's relative name is one of b's, and how many there are.
static bool has_all(const struct dn *a, uint32_t group, const struct dn *b, uint32_t other,
                    uint32_t *count) {
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->parts[i].group != group)
            continue;
        uint32_t j = 0;
        while (j < b->count &&
               (b->parts[j].group != other || !same_part(a, &a->parts[i], b, &b->parts[j])))
            j++;
        if (j == b->count)
            return false;
        ++*count;
    }
    return true;
}

static bool same_group(const struct dn *a, uint32_t group, const struct dn *b, uint32_t other) {
    uint32_t here = 0;
    uint32_t there = 0;
    return has_all(a, group, b, other, &here) && has_all(b, other, a, group, &there) &&
           here == there;
}

bool dn_same(const struct dn *a, const struct dn *b, bool any_order) {
    if (a->groups != b->groups)
        return false;
    uint32_t matched = 0;  // groups of b, by bit
    for (uint32_t i = 0; i < a->groups; i++) {
        uint32_t j = any_order ? 0 : i;
        uint32_t end = any_order ? b->groups : i + 1;
        while (j < end && ((matched >> j & 1) || !same_group(a, i, b, j)))
            j++;
        if (j == end)
            return false;
        matched |= 1u << j;
    }
    return true;
}

_Static_assert(DN_PARTS_MAX <= 32, "a bit for each relative name");

#endif
