// The network's DHCP server (RFC 2131): it has one address to give.

#ifndef SIM_LIVE_LEASE_H
#define SIM_LIVE_LEASE_H

#include <lwip/netif.h>

#define LEASE_BOARD IPADDR4_INIT_BYTES(10, 0, 2, 15)
#define LEASE_NETWORK \
    { PP_HTONL(LWIP_MAKEU32(10, 0, 2, 2)) }
#define LEASE_MASK \
    { PP_HTONL(LWIP_MAKEU32(255, 255, 255, 0)) }

void lease_start(struct netif *on);

#endif
