#include "port/lwip/sntp.h"

#if MIDGE_CLOCK

#include <lwip/apps/sntp.h>
#include <lwip/ip_addr.h>
#include <lwip/udp.h>
#include <string.h>

#define HEAD_BYTES 2       // leap indicator, version and mode; stratum
#define LEAP_UNKNOWN 0xc0  // the server has no time itself
#define STRATUM_MAX 15     // the same

static void (*told)(uint64_t wall_us);
static udp_recv_fn client;  // lwIP's, once it asks

void sntp_told(uint32_t s, uint32_t us) {
    told(s * 1000000ull + us);
}

// lwIP's client believes whom its own clock does not: those answers are as if they had not come.
static void on_answer(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *address,
                      u16_t port) {
    uint8_t head[HEAD_BYTES];
    if (pbuf_copy_partial(p, head, sizeof head, 0) < sizeof head ||
        (head[0] & LEAP_UNKNOWN) == LEAP_UNKNOWN || head[1] > STRATUM_MAX)
        pbuf_free(p);
    else
        client(arg, pcb, p, address, port);
}

void sntp_start(const char *server, void (*to)(uint64_t wall_us)) {
    ip_addr_t address;
    told = to;
    if (ipaddr_aton(server, &address))
        sntp_setserver(0, &address);
    else
        sntp_servermode_dhcp(1);
}

void sntp_turn(struct midge *m) {
    const ip_addr_t *server = sntp_getserver(0);
    const struct udp_pcb *first = udp_pcbs;
    if (client != NULL || ip_addr_isany(server))
        return;
    sntp_init();
    // If it could ask, its control block is the first now.
    if (udp_pcbs == first) {
        sntp_stop();
        return;
    }
    client = udp_pcbs->recv;
    udp_recv(udp_pcbs, on_answer, NULL);
    char line[20 + IPADDR_STRLEN_MAX] = "Time server is ";
    ipaddr_ntoa_r(server, line + strlen(line), IPADDR_STRLEN_MAX);
    midge_note(m, MIDGE_INF, line);
}

#endif
