// A broker at one moment, by its counters: where none of two differs, nothing that monitoring shows
// has happened in between.

#ifndef SIM_MOMENT_H
#define SIM_MOMENT_H

#include <stdint.h>

struct site;

struct moment {
    uint32_t reloads;
    uint64_t us, wall_us;
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes, connections, closed, stalls, matches, requests,
        taken;
    uint64_t subscriptions, clients;  // of the latter, what changes of each
};

void moment_look(const struct site *s, struct moment *now);

#endif
