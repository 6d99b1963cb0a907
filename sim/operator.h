// Who operates the sites: writes their configurations, by hand and in every spelling, and hands them
// to the broker at start and while it runs; and tries others on the side, good ones and bad ones, as
// the port's command for checking a file would. What comes of each is compared with a model: the
// values in effect, or what is wrong and where, and what a reload says.

#ifndef SIM_OPERATOR_H
#define SIM_OPERATOR_H

struct world;
struct site;
struct midge_config;

// Writes the configuration that a site runs with, and reads it.
void operator_configure(struct world *w, struct site *s, struct midge_config *config);

// Writes one that nobody runs with.
void operator_rehearse(struct world *w);

#endif
