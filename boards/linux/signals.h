// Signals: noted when they arrive, while the port waits, and taken between turns.

#ifndef LINUX_SIGNALS_H
#define LINUX_SIGNALS_H

// Blocks those that the hub knows everywhere but where the port waits, and ignores SIGPIPE.
void signals_catch(void);

// Takes the signal that was noted, or 0. SIGINT comes before all others.
int signals_take(void);

// As Go words it: `Trapped "terminated" signal`.
const char *signals_name(int number);

#endif
