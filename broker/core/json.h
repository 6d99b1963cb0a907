// Reading JSON (RFC 8259) in place: a pull over contiguous bytes, without a tree. Follows what Go's
// encoding/json takes and refuses, since that is what CONNECT was written against; values nested
// deeper than JSON_DEPTH_MAX are refused.

#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 64

enum json_type {
    JSON_BAD,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_OBJECT,
    JSON_ARRAY
};

struct json {
    const uint8_t *at, *end;
    bool bad;
};

// A piece of the text: a number, the inside of a string with its escapes, or a whole object or
// array.
struct json_piece {
    enum json_type type;
    const uint8_t *bytes;
    uint32_t n;
};

// Enters an object; false where the text is none.
bool json_enter(struct json *j);

// The type of the one value that a text holds, blanks around it aside.
enum json_type json_of(const uint8_t *text, uint32_t n);

// The next member of the object entered: its key and its value. The key begins zeroed, and is that
// of the member before from then on. False at the object's end, or where the text is bad, which
// sets `bad`.
bool json_member(struct json *j, struct json_piece *key, struct json_piece *value);

// Whether a key is `name`, which is in lower case; its own case does not matter.
bool json_key_is(const struct json_piece *key, const char *name);

// Whether nothing but blanks follows.
bool json_ended(struct json *j);

// Decodes a string's escapes to `to`, which may be where the string lies. Answers the length.
uint32_t json_decode(const struct json_piece *string, uint8_t *to);

#endif
