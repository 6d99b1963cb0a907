// Who comes in, again and again, in every way: it greets the broker with a CONNECT that says
// anything at all, asks whether it is still there, and knows what it must hear.

#ifndef SIM_CALLER_H
#define SIM_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/greeting.h"

#define CALL_LINE_MAX 1200

// Where a call stands.
struct call {
    bool introduced;  // INFO was read
    bool waiting;     // for what a greeting brings
    bool over;        // a reason was given for its end
    bool told;        // the INFO that follows the first PONG has come
    uint8_t greetings;
    uint8_t oks, pongs, infos;  // that are to come
    enum welcome welcome;
    struct manners manners;
    uint32_t n;
    char line[CALL_LINE_MAX];
};

struct world;
struct actor;
struct cable;

void caller_act(struct world *w, struct actor *a, struct cable *c);
void caller_read(struct world *w, struct actor *a, struct cable *c, const uint8_t *bytes,
                 uint32_t n);

// The connection has ended: there must be a reason.
void caller_ended(struct world *w, struct actor *a, struct cable *c);

#endif
