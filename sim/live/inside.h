// What midge-sim has inside the chip: it sees how full the pools are, and lets pools and flash
// fail. It lies in memory that the image of the board and midge-sim share, behind what the chip
// itself shares (hal/posix.h).

#ifndef SIM_LIVE_INSIDE_H
#define SIM_LIVE_INSIDE_H

#include "hal/posix.h"
#include "sim/dice.h"

#define INSIDE_POOLS_MAX 40

struct inside {
    struct posix_chip chip;

    // Set by midge-sim.
    struct dice chance;  // of this life
    uint32_t failing;    // takes from pools that fail, in a hundred thousand
    uint32_t tear_in;  // the so many-th write to flash from now is torn by a cut of power; 0: none

    // Told by the board: after each turn, but for the last.
    uint16_t port, http_port;
    uint32_t clients, clients_max;
    uint32_t in_msgs, out_msgs;
    uint32_t failures;  // takes that were to fail
    uint32_t pools_count;
    struct {
        char name[20];
        uint32_t used, limit;
    } pools[INSIDE_POOLS_MAX];
    bool torn;  // flash is, and power is to be cut
};

#endif
