// JSON as a tree, read by the simulator's own hand, which is strict: RFC 8259 to the letter, UTF-8
// included, and no name twice in an object.

#ifndef SIM_TREE_H
#define SIM_TREE_H

#include <stdbool.h>
#include <stdint.h>

#define TREE_BRANCHES_MAX 32768

enum tree_type { TREE_NULL, TREE_TRUTH, TREE_NUMBER, TREE_STRING, TREE_ARRAY, TREE_OBJECT };

struct branch {
    uint8_t type;
    uint32_t next;         // behind it in the same object or array, 0 for none
    uint32_t first, size;  // what an array or object holds
    const char *key;       // in an object, as it is written
    const char *text;      // the value as it is written, a string without its quotes
    uint32_t key_bytes, text_bytes;
};

struct tree {
    const char *at, *end;
    uint32_t count;
    struct branch branch[TREE_BRANCHES_MAX];  // from 1 on; 1 is the whole
};

// Reads a text. False where it is no JSON.
bool tree_read(struct tree *t, const char *text, uint32_t n);

// A member of an object; 0 for none.
uint32_t tree_member(const struct tree *t, uint32_t object, const char *key);

// Values; of what is missing, or of another type, they are 0, false or "".
bool tree_truth(const struct tree *t, uint32_t i);
double tree_number(const struct tree *t, uint32_t i);
uint64_t tree_count(const struct tree *t, uint32_t i);  // of a number without sign and fraction
bool tree_is(const struct tree *t, uint32_t i, const char *text);

// Decodes a string into `to`, which it ends with a NUL; answers its length.
uint32_t tree_string(const struct tree *t, uint32_t i, char *to, uint32_t max);

#endif
