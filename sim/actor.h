// Clients: well-behaved, slow, deaf and hostile ones, and who reads the monitoring pages. Each
// checks everything that it reads against what it is owed.

#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include <stdint.h>

struct world;
struct actor;
struct cable;

// What the actor does next, when its time has come.
void actor_act(struct world *w, struct actor *a);

// Bytes have come over a cable of its own.
void actor_read(struct world *w, struct cable *c, const uint8_t *bytes, uint32_t n);

// The site's end was closed, and all has arrived.
void actor_ended(struct world *w, struct cable *c);

#endif
