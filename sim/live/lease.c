#include "sim/live/lease.h"

#include <lwip/prot/dhcp.h>
#include <lwip/prot/iana.h>
#include <lwip/udp.h>
#include <string.h>

static struct netif *netif;

// What kind of message it is, or 0.
static uint8_t kind_of(const struct dhcp_msg *message, uint16_t n) {
    const uint8_t *at = message->options;
    const uint8_t *end = (const uint8_t *)message + n;
    while (at + 2 < end && *at != DHCP_OPTION_END) {
        if (*at == DHCP_OPTION_MESSAGE_TYPE)
            return at[2];
        at += *at == DHCP_OPTION_PAD ? 1 : 2 + at[1];
    }
    return 0;
}

// An option of four bytes.
static uint8_t *add(uint8_t *at, uint8_t option, const void *value) {
    *at++ = option;
    *at++ = 4;
    memcpy(at, value, 4);
    return at + 4;
}

static void answer(struct udp_pcb *pcb, const struct dhcp_msg *asked, uint8_t kind) {
    static const ip4_addr_t mask = LEASE_MASK;
    static const uint8_t hour[4] = {0, 0, 3600 >> 8, 3600 & 0xff};
    static const ip_addr_t board = LEASE_BOARD;
    const ip4_addr_t *me = netif_ip4_addr(netif);
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, sizeof(struct dhcp_msg), PBUF_RAM);
    if (p == NULL)
        return;
    struct dhcp_msg *message = p->payload;
    memset(message, 0, sizeof *message);
    message->op = DHCP_BOOTREPLY;
    message->htype = asked->htype;
    message->hlen = asked->hlen;
    message->xid = asked->xid;
    message->flags = asked->flags;
    message->cookie = asked->cookie;
    memcpy(&message->yiaddr, ip_2_ip4(&board), 4);
    memcpy(message->chaddr, asked->chaddr, sizeof message->chaddr);
    uint8_t *at = message->options;
    *at++ = DHCP_OPTION_MESSAGE_TYPE;
    *at++ = 1;
    *at++ = kind;
    at = add(at, DHCP_OPTION_SERVER_ID, me);
    at = add(at, DHCP_OPTION_LEASE_TIME, hour);
    at = add(at, DHCP_OPTION_SUBNET_MASK, &mask);
    at = add(at, DHCP_OPTION_ROUTER, me);
    *at = DHCP_OPTION_END;
    udp_sendto_if(pcb, p, IP_ADDR_BROADCAST, LWIP_IANA_PORT_DHCP_CLIENT, netif);
    pbuf_free(p);
}

static void on_message(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
                       u16_t port) {
    (void)arg;
    (void)from;
    (void)port;
    // Frames come in one piece.
    if (p->len > DHCP_OPTIONS_OFS) {
        uint8_t kind = kind_of(p->payload, p->len);
        if (kind == DHCP_DISCOVER || kind == DHCP_REQUEST)
            answer(pcb, p->payload, kind == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK);
    }
    pbuf_free(p);
}

void lease_start(struct netif *on) {
    netif = on;
    struct udp_pcb *pcb = udp_new();
    LWIP_ASSERT("memory", pcb != NULL);
    udp_bind(pcb, IP_ADDR_ANY, LWIP_IANA_PORT_DHCP_SERVER);
    udp_recv(pcb, on_message, NULL);
}
