// The application in the broker's own process: it subscribes handlers and publishes by function
// calls, and is owed what clients are owed. Its cable is one in name only.

#ifndef SIM_APPLICATION_H
#define SIM_APPLICATION_H

#include <stdbool.h>

struct world;
struct site;

// A site was powered on, or off.
void application_start(struct world *w, struct site *s);
void application_end(struct world *w, struct site *s);

// It may do something, in a turn of its site. Answers whether it did: the site then turns again.
bool application_act(struct world *w, struct site *s);

// Gives up all its handlers; it has got what it is owed.
void application_stop(struct world *w, struct site *s);

#endif
