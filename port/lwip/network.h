// The network interface under port/lwip.c: frames in and out, addresses, and the cable. It is
// started by port_network.

#ifndef MIDGE_LWIP_NETWORK_H
#define MIDGE_LWIP_NETWORK_H

#include <stdbool.h>

#include "broker/broker.h"

// Between two looks at the cable: nobody may sleep longer.
#define NETWORK_TURN_MS 250

// Takes one frame through the stack, which calls back whoever is concerned. False where there is
// none. What it brought lies in the one receive buffer: all of it is given back before the next.
bool network_take(void);

// Looks at the cable, and sees to it that there is an address. Without a cable every connection is
// over.
void network_turn(struct midge *m);

#endif
