// The subjects and patterns of one world, and which pattern matches which subject, found by a
// matcher that is as plain as it can be: the broker's is compared with it at every delivery.

#ifndef SIM_SUBJECTS_H
#define SIM_SUBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/dice.h"

#define SUBJECTS_COMMON 64  // beside one for the answers to each client
#define SUBJECTS_MAX 128
#define SUBJECT_BYTES_MAX 64

struct subject {
    char text[SUBJECT_BYTES_MAX];
    uint32_t bytes;
};

struct subjects {
    uint32_t count;     // of subjects in common use, at most SUBJECTS_COMMON
    uint32_t patterns;  // likewise
    // From SUBJECTS_COMMON on: where the answers to a client go, and the pattern that it
    // subscribes.
    struct subject subject[SUBJECTS_MAX];
    struct subject pattern[SUBJECTS_MAX];
    uint64_t matching[SUBJECTS_MAX][SUBJECTS_MAX / 64];  // a bit for each pattern
};

// `open`: patterns may begin with a wildcard.
void subjects_make(struct subjects *s, struct dice *d, bool open);

bool subjects_match(const char *pattern, const char *subject);

#endif
