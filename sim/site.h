// A broker with a port around it: what port/posix.c and port/lwip.c do, over cables.

#ifndef SIM_SITE_H
#define SIM_SITE_H

#include <stdint.h>

struct world;
struct site;
struct cable;

// A configuration as an operator might write it: its length, at most `max`.
uint32_t site_compose(struct world *w, struct site *s, char *text, uint32_t max);

// Powers a site on: its broker begins with the configuration that is in its flash, or else with one
// of the seed's making.
void site_start(struct world *w, struct site *s);

// Cuts its power: all that it knew is gone, and its cables end or fall silent.
void site_cut(struct world *w, struct site *s);

// Something happened on a cable of the site: its loop will attend to it.
void site_wake(struct world *w, struct cable *c);

// Lets it go: first its clients are asked to leave, then they must, and then power is cut.
void site_retire(struct world *w, struct site *s);

// One turn of its loop.
void site_turn(struct world *w, struct site *s);

// Reads the next configuration, of the seed's making, and hands it to the broker.
void site_reload(struct world *w, struct site *s);

#endif
