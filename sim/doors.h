// Who may come in changes while the broker runs: users go, others come, passwords and rights are
// others, all doors are opened or shut, and fewer may be in at once. Who has to go at a reload, and
// for which reason, and which subscriptions, is known beforehand.

#ifndef SIM_DOORS_H
#define SIM_DOORS_H

struct world;
struct site;

// The next configuration of the site will have other doors.
void doors_change(struct world *w, struct site *s);

// It has taken effect: those who had to go, and only those, are going.
void doors_judge(struct world *w, struct site *s);

#endif
