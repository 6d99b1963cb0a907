// What a board tells the port to lwIP beyond port.h, before port_init: its network.

#ifndef MIDGE_PORT_LWIP_H
#define MIDGE_PORT_LWIP_H

#include <stdbool.h>
#include <stdint.h>

// `address`, `mask` and `gateway` are used where `dhcp` is false, and also where no DHCP server has
// answered for 10 s; one that answers later takes over. All zero: no address without DHCP.
struct port_network {
    uint8_t mac[6];
    bool dhcp;
    uint8_t address[4], mask[4], gateway[4];
    const char *host_name;  // told to the DHCP server; stays readable
};

// Starts the MAC and the stack. False where the MAC does not answer.
bool port_network(const struct port_network *network);

#endif
