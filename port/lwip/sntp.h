// Asks a time server (SNTP, RFC 4330), by lwIP's client, where the board says MIDGE_CLOCK.

#ifndef MIDGE_LWIP_SNTP_H
#define MIDGE_LWIP_SNTP_H

#include "broker/broker.h"

// Will ask the server at a numeric address, or where that is "" the one that DHCP names. What it
// says goes to `told`.
void sntp_start(const char *server, void (*told)(uint64_t wall_us));

// Begins to ask once it is known whom. The interface has an address.
void sntp_turn(struct midge *m);

#endif
