// Distinguished names in text, as RFC 4514 has them: `CN=pump,OU=hall 3`. With MIDGE_TLS only.

#ifndef AUTH_DN_H
#define AUTH_DN_H

#include <stdbool.h>
#include <stdint.h>

#define DN_PARTS_MAX 24
#define DN_BYTES_MAX 1024

// Taken apart: attributes in the order of the text, without escapes.
struct dn {
    uint32_t count;
    struct dn_part {
        uint16_t type, type_bytes;  // where in `text`
        uint16_t value, value_bytes;
        uint16_t group;  // its relative name, counted from 0: those joined by `+` have one
    } parts[DN_PARTS_MAX];
    uint32_t groups;
    uint32_t text_bytes;
    char text[DN_BYTES_MAX];
};

// False where the text is none, or is too long.
bool dn_parse(struct dn *dn, const char *text, uint32_t n);

// Whether two are the same: types without regard to case, values exactly, attributes of one
// relative name in any order; and relative names too, if `any_order`.
bool dn_same(const struct dn *a, const struct dn *b, bool any_order);

#endif
