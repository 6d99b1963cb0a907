// Who reads the monitoring pages: it asks for one after another, with and without parameters, and
// checks that each answer is well-formed HTTP, and its JSON balanced.

#ifndef SIM_SCRAPER_H
#define SIM_SCRAPER_H

#include <stdint.h>

struct world;
struct actor;
struct cable;

void scraper_act(struct world *w, struct actor *a, struct cable *c);
void scraper_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n);

#endif
