// A chip made of a Linux process: its Ethernet is a tap device, and its faults are set by hand.

#ifndef TESTS_LWIP_TAP_H
#define TESTS_LWIP_TAP_H

#include <stdbool.h>
#include <stdint.h>

struct faults {
    bool unplugged;     // the cable: no link
    bool mute;          // frames vanish both ways, and the link stays
    uint32_t loss;      // one frame in so many is lost, each way; 0 none
    uint32_t refusals;  // the MAC has no room for one frame in so many; 0 always has
};

extern struct faults faults;

#endif
