// The network interface under port/lwip.c: frames, addresses, and the cable.

#include "port/lwip/network.h"

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <netif/ethernet.h>
#include <string.h>

#include "hal/hal.h"
#include "port/lwip/mdns.h"
#include "port/lwip/sntp.h"
#include "port/port.h"

#define FALLBACK_MS 10000  // without an answer of a DHCP server

// A frame with the largest packet, in whole words as the MAC gives them.
#define RECEIVE_BYTES ((SIZEOF_ETH_HDR + MIDGE_MTU + 3) & ~3)

_Static_assert(ETH_PAD_SIZE == HAL_ETHERNET_PAD, "lwIP and the chip agree on the padding");
_Static_assert(!LWIP_IPV6 || MIDGE_ADDRESS_BYTES == 16, "MIDGE_IPV6 wants MIDGE_ADDRESS_BYTES 16");

static struct netif netif;
static struct dhcp dhcp;
static const struct port_network *network;
static uint32_t link_ms;     // when the cable was looked at
static uint32_t address_ms;  // when there was last an address, or no cable
static ip_addr_t told[1 + (LWIP_IPV6 ? LWIP_IPV6_NUM_ADDRESSES : 0)];  // what the log was told

static union {
    uint32_t word;  // aligns it
    uint8_t bytes[RECEIVE_BYTES];
} frame;
static struct pbuf_custom frame_pbuf;

// ---- Frames -------------------------------------------------------------------------------------

static err_t send_frame(struct netif *to, struct pbuf *p) {
    struct hal_span pieces[TCP_SND_QUEUELEN];
    uint32_t count = 0;
    (void)to;
    for (; p != NULL; p = p->next) {
        MIDGE_ASSERT(count < TCP_SND_QUEUELEN);
        pieces[count++] = (struct hal_span){p->payload, p->len};
    }
    return hal_ethernet_send(pieces, count) ? ERR_OK : ERR_IF;
}

static void frame_freed(struct pbuf *p) {
    (void)p;
}

// A frame that is larger than any packet this side admits is passed over.
bool network_take(void) {
    MIDGE_ASSERT(frame_pbuf.pbuf.ref == 0);
    uint32_t n = hal_ethernet_frame();
    if (n == 0)
        return false;
    struct pbuf *p = NULL;
    if (n <= sizeof frame.bytes) {
        hal_ethernet_read(frame.bytes, n);
        frame_pbuf.custom_free_function = frame_freed;
        // A type that lwIP takes to be volatile, and so copies where it would keep it.
        p = pbuf_alloced_custom(PBUF_RAW, (u16_t)n, PBUF_REF, &frame_pbuf, frame.bytes,
                                sizeof frame.bytes);
    }
    hal_ethernet_skip();
    if (p != NULL && netif.input(p, &netif) != ERR_OK)
        pbuf_free(p);
    return true;
}

static err_t begin_netif(struct netif *n) {
    n->hwaddr_len = ETH_HWADDR_LEN;
    memcpy(n->hwaddr, network->mac, ETH_HWADDR_LEN);
    n->mtu = MIDGE_MTU;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    n->output = etharp_output;
#if LWIP_IGMP
    n->flags |= NETIF_FLAG_IGMP;
#endif
#if LWIP_IPV6
    n->output_ip6 = ethip6_output;
    n->flags |= NETIF_FLAG_MLD6;
#endif
    n->linkoutput = send_frame;
    return ERR_OK;
}

static void set_address(void) {
    ip4_addr_t address, mask, gateway;
    memcpy(&address, network->address, sizeof address);
    memcpy(&mask, network->mask, sizeof mask);
    memcpy(&gateway, network->gateway, sizeof gateway);
    netif_set_addr(&netif, &address, &mask, &gateway);
}

bool port_network(const struct port_network *settings) {
    network = settings;
    if (!hal_ethernet_init(network->mac))
        return false;
    lwip_init();
    netif_add_noaddr(&netif, NULL, begin_netif, ethernet_input);
    netif_set_hostname(&netif, network->host_name);
    netif_set_default(&netif);
    netif_set_up(&netif);
#if LWIP_IPV6
    netif_create_ip6_linklocal_address(&netif, 1);
    netif.ip6_autoconfig_enabled = 1;
#endif
    if (MIDGE_MDNS && !mdns_start(&netif, network->host_name))
        return false;
#if MIDGE_CLOCK
    sntp_start(network->time_server, network->told);
#endif
    address_ms = sys_now();
    link_ms = address_ms - NETWORK_TURN_MS;  // the first turn looks
    if (!network->dhcp) {
        set_address();
        return true;
    }
    dhcp_set_struct(&netif, &dhcp);
    return dhcp_start(&netif) == ERR_OK;
}

// ---- The cable and the addresses ----------------------------------------------------------------

static void tell_address(struct midge *m, const ip_addr_t *address, ip_addr_t *last) {
    if (ip_addr_eq(address, last))
        return;
    *last = *address;
    char line[20 + IPADDR_STRLEN_MAX] = "Network address is ";
    char *text = line + strlen(line);
    ipaddr_ntoa_r(address, text, IPADDR_STRLEN_MAX);
    for (; LWIP_IPV6 && *text != '\0'; text++)
        *text = (char)lwip_tolower(*text);  // RFC 5952
    midge_note(m, MIDGE_INF, line);
}

static void tell_addresses(struct midge *m) {
    tell_address(m, &netif.ip_addr, &told[0]);
#if LWIP_IPV6
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (ip6_addr_isvalid(netif_ip6_addr_state(&netif, i)))
            tell_address(m, &netif.ip6_addr[i], &told[1 + i]);
    }
#endif
}

#if LWIP_IPV6
// What routers said: the cable may come back with others.
static void forget_routers(void) {
    nd6_cleanup_netif(&netif);
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        netif_ip6_addr_set_state(&netif, i, IP6_ADDR_INVALID);
}
#endif

// Without a cable every connection is over: its peer could not be told of anything, and would find
// a broker that had forgotten it.
void network_turn(struct midge *m) {
    uint32_t now_ms = sys_now();
    if (now_ms - link_ms < NETWORK_TURN_MS)
        return;
    link_ms = now_ms;
    bool up = hal_ethernet_link();
    if (up && !netif_is_link_up(&netif)) {
        midge_note(m, MIDGE_INF, "Network link is up");
        netif_set_link_up(&netif);
    } else if (!up && netif_is_link_up(&netif)) {
        midge_note(m, MIDGE_WRN, "Network link is down");
        while (tcp_active_pcbs != NULL)
            tcp_abort(tcp_active_pcbs);
        netif_set_link_down(&netif);
#if LWIP_IPV6
        forget_routers();
#endif
    }
    if (!up || !ip4_addr_isany(netif_ip4_addr(&netif)))
        address_ms = now_ms;
    else if (now_ms - address_ms >= FALLBACK_MS)
        set_address();
    tell_addresses(m);
    if (MIDGE_MDNS)
        mdns_turn(m);
    if (MIDGE_CLOCK && !ip4_addr_isany(netif_ip4_addr(&netif)))
        sntp_turn(m);
}
