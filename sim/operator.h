// Who operates the sites, and tries configurations that none of them runs with, as the port's
// command for checking a file would: good ones and bad ones, by hand and in every spelling. What
// comes of each is compared with a model: the values in effect, or what is wrong and where, and
// what a reload would say.

#ifndef SIM_OPERATOR_H
#define SIM_OPERATOR_H

struct world;

void operator_rehearse(struct world *w);

#endif
