// Addresses of sockets, IPv4 and IPv6.

#ifndef PORT_ADDRESS_H
#define PORT_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "broker/broker.h"

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

// Finds the address that a name or a numeric address ("" is any) stands for. False where there is
// none.
bool address_resolve(const char *name, uint16_t port, union address *to, socklen_t *bytes);

// The same as the broker has it. IPv4 in IPv6 is IPv4.
struct midge_peer address_peer(const union address *address);

#endif
