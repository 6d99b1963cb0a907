// What is said of an object of a page: each call claims a member and judges its value, and at the
// end there must be no other. The first wrong thing is remembered.

#ifndef SIM_CLAIM_H
#define SIM_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"
#include "sim/moment.h"
#include "sim/tree.h"

struct claim {
    const struct site *s;
    const struct tree *tree;
    const struct moment *begun, *now;
    bool still;  // nothing has happened since the request
    uint32_t object, claimed;
    const char *wrong;  // NULL: nothing so far
};

// A member by its key, which must be there; and a judgement of it.
uint32_t claim_take(struct claim *c, const char *key);
void claim_check(struct claim *c, bool right, const char *what, const char *key);

// A number: at any time, and where it may have changed meanwhile; those with `_if` are left out
// where they are 0.
void claim_number(struct claim *c, const char *key, uint64_t v);
void claim_number_if(struct claim *c, const char *key, uint64_t v);
void claim_level(struct claim *c, const char *key, uint64_t v);
void claim_level_if(struct claim *c, const char *key, uint64_t v);

// What only grows.
void claim_counter(struct claim *c, const char *key, uint64_t least, uint64_t most);

// With so many digits behind the point.
void claim_fraction(struct claim *c, const char *key, double v, double grain);

void claim_truth(struct claim *c, const char *key, bool v);
void claim_text(struct claim *c, const char *key, const char *v);
void claim_text_if(struct claim *c, const char *key, const char *v);

// What a client has given, as a page shows it: what of it is no UTF-8 is replaced.
const char *claim_shown(const uint8_t *bytes, uint32_t n);
void claim_given(struct claim *c, const char *key, index_t t);

// Times of day: of the wall's clock, of the broker's own, and that of the answer.
void claim_day(struct claim *c, const char *key, uint64_t wall_us);
void claim_moment(struct claim *c, const char *key, uint64_t us);
void claim_now(struct claim *c);

// Whole seconds with their units, as long as that takes; between two moments, 0 for now.
void claim_age(struct claim *c, const char *key, uint64_t since_us, uint64_t until_us);

// An inner object, by its key or its place in the tree; at its end, all of its members are claimed.
struct claim claim_within(const struct claim *outer, const char *key, uint32_t i);
void claim_end(struct claim *outer, const struct claim *inner);

void claim_empty(struct claim *c, const char *key, enum tree_type type);

// An object of zeros, with these names and a NULL.
void claim_zeros(struct claim *outer, const char *key, const char *const *names);
#define CLAIM_ZEROS(c, key, ...) claim_zeros(c, key, (const char *const[]){__VA_ARGS__, NULL})

#endif
