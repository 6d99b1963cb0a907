#include "port/lwip/mdns.h"

#if MIDGE_MDNS

#include <lwip/apps/mdns.h>
#include <lwip/apps/mdns_priv.h>
#include <lwip/prot/dns.h>
#include <lwip/udp.h>
#include <string.h>

// Questions and answers in a packet. lwIP takes its time with each, and lets a crafted packet name
// 65,535 of them: the watchdog would not wait.
#define RECORDS_MAX 100

_Static_assert(sizeof(struct mdns_host) <= MIDGE_MTU && sizeof(struct mdns_service) <= MIDGE_MTU &&
                   MDNS_OUTPUT_PACKET_SIZE + 64 <= MIDGE_MTU,
               "what the responder keeps, and what it sends, fits in the pools of lwippools.h");

static struct netif *netif;
static const char *base;
static char name[48];
static uint32_t number, told;  // of the names that were tried, and of that which the log was told
static bool taken, ours;       // the name, as the responder has found out
static s8_t service = -1;
static udp_recv_fn responder;

static void on_name(struct netif *n, u8_t result, s8_t slot) {
    (void)n;
    (void)slot;
    taken = result == MDNS_PROBING_CONFLICT;
    ours = !taken;
}

// Before the responder. It would keep a question of which more is to follow until that has come,
// but what was received cannot be kept: so it is made to look whole, and is answered at once.
static void on_packet(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *address,
                      u16_t port) {
    struct dns_hdr *head = p->payload;
    if (p->len < SIZEOF_DNS_HDR || lwip_ntohs(head->numquestions) + lwip_ntohs(head->numanswers) +
                                           lwip_ntohs(head->numauthrr) +
                                           lwip_ntohs(head->numextrarr) >
                                       RECORDS_MAX) {
        pbuf_free(p);
        return;
    }
    head->flags1 &= (u8_t)~DNS_FLAG1_TRUNC;
    responder(arg, pcb, p, address, port);
}

// The next name to try: the first label of what the host is called, and a number.
static void choose_name(void) {
    size_t n = strcspn(base, ".");
    memcpy(name, base, n);
    name[n] = '\0';
    if (++number > 1) {
        name[n] = '-';
        lwip_itoa(name + n + 1, sizeof name - n - 1, (int)number);
    }
}

bool mdns_start(struct netif *on, const char *called) {
    if (strcspn(called, ".") > sizeof name - sizeof "-4294967295")
        return false;
    netif = on;
    base = called;
    choose_name();
    mdns_resp_init();
    mdns_resp_register_name_result_cb(on_name);
    responder = get_mdns_pcb()->recv;
    udp_recv(get_mdns_pcb(), on_packet, NULL);
    return mdns_resp_add_netif(netif, name) == ERR_OK;
}

static void describe(struct mdns_service *to, void *context) {
    static const char text[] = "version=" MIDGE_VERSION;
    (void)context;
    mdns_resp_add_service_txtitem(to, text, sizeof text - 1);
}

void mdns_serve(uint16_t port) {
    if (service >= 0)
        mdns_resp_del_service(netif, (u8_t)service);
    service = -1;
    if (port > 0)
        service =
            mdns_resp_add_service(netif, name, "_nats", DNSSD_PROTO_TCP, port, describe, NULL);
}

void mdns_turn(struct midge *m) {
    if (taken) {
        taken = false;
        choose_name();
        mdns_resp_rename_netif(netif, name);
        if (service >= 0)
            mdns_resp_rename_service(netif, (u8_t)service, name);
    }
    if (ours && told != number) {
        char line[96] = "Known on this network as ";
        size_t n = strlen(line);
        size_t more = strlen(name);
        memcpy(line + n, name, more);
        memcpy(line + n + more, ".local", sizeof ".local");
        midge_note(m, MIDGE_INF, line);
        told = number;
    }
    ours = false;
}

#endif
