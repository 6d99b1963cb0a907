// Makes the broker known on the local network by multicast DNS (RFC 6762): to whoever looks for
// _nats._tcp, and by a host name. lwIP's responder, where the board says MIDGE_MDNS.

#ifndef MIDGE_LWIP_MDNS_H
#define MIDGE_LWIP_MDNS_H

#include <lwip/netif.h>
#include <stdbool.h>

#include "broker/broker.h"

// Answers for `name`.local, or for name-2.local and so on where another host has that name. The
// text stays readable.
bool mdns_start(struct netif *netif, const char *name);

// Announces the port on which clients are listened for; 0 is none.
void mdns_serve(uint16_t port);

// Takes another name where that is needed. Calls of a turn may be some hundred ms apart.
void mdns_turn(struct midge *m);

#endif
