// The time of the turn, in microseconds since midge-sim started.

#ifndef SIM_LIVE_NOW_H
#define SIM_LIVE_NOW_H

#include <stdint.h>

extern uint64_t now_us;

#define NEVER UINT64_MAX

#endif
