// Who may do what at a site: its users, with lists of subjects that are allowed or denied, as text
// for its configuration and as a table for the ledger, made by a plain matcher.

#ifndef SIM_RIGHTS_H
#define SIM_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/subjects.h"

#define USERS_MAX 4
#define LISTS 4  // publish allow, deny; subscribe allow, deny
#define LIST_MAX 3

// How often an examiner may answer a request, where there are users.
#define RESPONSES 2

struct user {
    uint8_t count[LISTS];  // of an allow list, 0 is everything
    uint8_t pattern[LISTS][LIST_MAX];
    uint32_t secret;                        // a number in its password
    uint64_t publish[SUBJECTS_MAX / 64];    // a bit for each subject
    uint64_t receive[SUBJECTS_MAX / 64];    // likewise
    uint64_t subscribe[SUBJECTS_MAX / 64];  // a bit for each pattern
};

// How a client is known.
enum door { DOOR_USERS, DOOR_USER, DOOR_TOKEN };

struct rights {
    uint32_t users;  // 0: anyone may do anything
    enum door door;
    struct user user[USERS_MAX];
};

void rights_make(struct rights *r, const struct subjects *s, struct dice *d);

// Leaves one user who may do anything, or one token instead; or lists of users as they are.
void rights_narrow(struct rights *r, const struct subjects *s, struct dice *d);

// Appends the configuration's text for it. Answers its length, at most `max`.
uint32_t rights_write(const struct rights *r, const struct subjects *s, char *to, uint32_t max);

static inline bool rights_allow(const uint64_t *bits, uint32_t i) {
    return bits[i / 64] >> i % 64 & 1;
}

#endif
