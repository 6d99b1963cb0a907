// Who waits for room: in the order in which they came, and nobody takes what they wait for. Looked
// at before and after each run of bytes that a broker is handed, when nothing else can have
// happened.

#ifndef SIM_WAITING_H
#define SIM_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct world;
struct site;
struct cable;

// A connection was opened.
void waiting_open(struct site *s, struct cable *c);

// A connection and its broker before its input is taken.
struct outlook {
    uint32_t flags, turn, crowded, input_blocks;
    uint64_t in_msgs, out_msgs;
};

void waiting_look(struct world *w, struct site *s, const struct cable *c, struct outlook *before);

// And after `used` of n bytes were. NULL, or what is wrong.
const char *waiting_judge(struct world *w, struct site *s, struct cable *c,
                          const struct outlook *before, uint32_t used, uint32_t n);

// Once the broker's wishes were carried out: what is wrong with those that wait, or NULL.
const char *waiting_check(struct world *w, const struct site *s);

// Time has passed, or the application has acted: some may be crowded now, or cut off.
const char *waiting_update(struct world *w, struct site *s);

#endif
