#include "sim/live/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hal/posix.h"
#include "sim/live/board.h"
#include "sim/live/fault.h"
#include "sim/live/lease.h"
#include "sim/live/now.h"
#include "sim/live/terminal.h"
#include "sim/live/wire.h"

#define CLIENTS_MAX (GATEWAY_POLL_MAX - 4)
#define SEND_BYTES 16384  // of the kernel, for each: a reader that is slow is soon felt

enum kind { CLIENT, MONITOR, KINDS };

struct client {
    int socket;  // -1: free
    uint32_t number;
    enum kind kind;
    uint16_t port;         // on the host
    struct tcp_pcb *pcb;   // NULL: the stack gave it up
    struct pbuf *pending;  // from the board, not yet written
    uint64_t moved;        // bytes, both ways
    bool open;             // the board has accepted it
    bool host_done, board_done, told;
};

static struct client clients[CLIENTS_MAX];
static uint32_t numbers;
static int listeners[KINDS] = {-1, -1};
static struct netif netif;

// Ports of clients that are gone without a word: nobody answers there.
static uint8_t forgotten[65536 / 8];

// ---- What lwIP asks for -------------------------------------------------------------------------

u32_t sys_now(void) {
    return (u32_t)(now_us / 1000);
}

// Of the seed: a sequence number is not a secret here.
uint32_t port_random(void) {
    static uint64_t n;
    struct dice dice = fault_dice(DICE_SEQUENCE, n++);
    return dice_roll(&dice);
}

// An assertion of the stack's, or of ours about it.
_Noreturn void midge_panic(const char *file, int line) {
    terminal_end();
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    board_end();
    abort();
}

static err_t send_frame(struct netif *to, struct pbuf *p) {
    uint8_t frame[POSIX_FRAME_BYTES];
    (void)to;
    u16_t n = pbuf_copy_partial(p, frame, sizeof frame, 0);
    wire_send(TO_BOARD, frame, n);
    return ERR_OK;
}

static err_t begin_netif(struct netif *n) {
    static const uint8_t address[ETH_HWADDR_LEN] = {0x02, 0, 0, 0, 0, 0x02};
    n->hwaddr_len = ETH_HWADDR_LEN;
    memcpy(n->hwaddr, address, ETH_HWADDR_LEN);
    n->mtu = 1500;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    n->output = etharp_output;
    n->linkoutput = send_frame;
    return ERR_OK;
}

// ---- What lwIP calls: these only mark -----------------------------------------------------------

static err_t on_open(void *arg, struct tcp_pcb *pcb, err_t err) {
    struct client *c = arg;
    (void)pcb;
    (void)err;
    c->open = true;
    return ERR_OK;
}

static err_t on_data(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err) {
    struct client *c = arg;
    (void)pcb;
    (void)err;
    if (p == NULL)
        c->board_done = true;
    else if (c->pending == NULL)
        c->pending = p;
    else
        pbuf_cat(c->pending, p);
    return ERR_OK;
}

static void on_error(void *arg, err_t err) {
    struct client *c = arg;
    (void)err;
    c->pcb = NULL;
}

// ---- Coming and going ---------------------------------------------------------------------------

static int listen_on(int32_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int on = 1;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t)(*port < 0 ? 0 : *port));
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&address, bytes) != 0 || listen(s, 64) != 0 ||
        getsockname(s, (struct sockaddr *)&address, &bytes) != 0) {
        close(s);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return s;
}

// Ends a client; it is told by a reset where the board did not end it in order.
static void end(struct client *c, bool in_order) {
    struct linger at_once = {1, 0};
    if (!in_order)
        setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->socket);
    if (c->pending != NULL)
        pbuf_free(c->pending);
    *c = (struct client){.socket = -1};
}

// From here on the stack alone sees to the connection's end: it tells nobody.
static void leave_to_stack(struct client *c) {
    struct tcp_pcb *pcb = c->pcb;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    c->pcb = NULL;
    if (tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

// Ends a client that has gone, which the board is told by a reset.
static void give_up(struct client *c) {
    if (c->pcb != NULL)
        tcp_abort(c->pcb);
    end(c, false);
}

static void dial(struct client *c) {
    const struct inside *in = board_inside;
    ip_addr_t board = LEASE_BOARD;
    c->pcb = tcp_new();
    LWIP_ASSERT("memory", c->pcb != NULL);
    tcp_arg(c->pcb, c);
    tcp_recv(c->pcb, on_data);
    tcp_err(c->pcb, on_error);
    tcp_nagle_disable(c->pcb);
    if (tcp_bind(c->pcb, IP_ADDR_ANY, c->port) != ERR_OK)
        tcp_bind(c->pcb, IP_ADDR_ANY, 0);
    forgotten[c->pcb->local_port / 8] &= (uint8_t) ~(1u << c->pcb->local_port % 8);
    tcp_connect(c->pcb, &board, c->kind == CLIENT ? in->port : in->http_port, on_open);
}

static struct client *free_client(void) {
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++) {
        if (c->socket < 0)
            return c;
    }
    return NULL;
}

static void take_client(enum kind kind) {
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    int room = SEND_BYTES;
    struct client *c = free_client();
    int s = c == NULL ? -1
                      : accept4(listeners[kind], (struct sockaddr *)&address, &bytes,
                                SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (s < 0)
        return;
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    *c = (struct client){
        .socket = s, .kind = kind, .number = ++numbers, .port = ntohs(address.sin_port)};
    dial(c);
}

bool gateway_forget(struct dice *dice) {
    uint32_t open = 0;
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++)
        open += c->socket >= 0 && c->open && c->pcb != NULL && c->kind == CLIENT;
    if (open == 0)
        return false;
    uint32_t chosen = dice_below(dice, open);
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++) {
        if (c->socket < 0 || !c->open || c->pcb == NULL || c->kind != CLIENT || chosen-- > 0)
            continue;
        terminal_say("client %u from port %u is gone, without a word", c->number, c->port);
        forgotten[c->pcb->local_port / 8] |= (uint8_t)(1u << c->pcb->local_port % 8);
        tcp_err(c->pcb, NULL);
        tcp_abandon(c->pcb, 0);
        end(c, false);
        return true;
    }
    return false;
}

static bool is_slow(const struct client *c) {
    struct dice dice = fault_dice(SLOW_READER, c->number);
    return c->kind == CLIENT && fault_befalls(SLOW_READER, &dice);
}

// ---- Bytes --------------------------------------------------------------------------------------

// From the host to the board, as much as the stack has room for.
static void move_there(struct client *c) {
    uint8_t bytes[TCP_SND_BUF];
    while (c->open && !c->host_done && tcp_sndbuf(c->pcb) > 0 &&
           tcp_sndqueuelen(c->pcb) < TCP_SND_QUEUELEN - 32) {
        ssize_t n = recv(c->socket, bytes, tcp_sndbuf(c->pcb), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            give_up(c);
            return;
        }
        if (n == 0) {
            c->host_done = true;
            tcp_shutdown(c->pcb, 0, 1);
            return;
        }
        err_t err = tcp_write(c->pcb, bytes, (u16_t)n, TCP_WRITE_FLAG_COPY);
        LWIP_ASSERT("room", err == ERR_OK);
        tcp_output(c->pcb);
        c->moved += (uint64_t)n;
    }
}

// From the board to the host, unless the client is to be slow. The window opens by what the host
// takes.
static void move_back(struct client *c) {
    while (c->pending != NULL && !is_slow(c)) {
        ssize_t n = send(c->socket, c->pending->payload, c->pending->len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            give_up(c);
            return;
        }
        c->pending = pbuf_free_header(c->pending, (u16_t)n);
        if (c->pcb != NULL)
            tcp_recved(c->pcb, (u16_t)n);
        c->moved += (uint64_t)n;
    }
}

// Whether a client has given up before the board answered.
static bool has_given_up(const struct client *c) {
    char byte;
    return !c->open && recv(c->socket, &byte, 1, MSG_PEEK) == 0;
}

static void look_after(struct client *c) {
    if (c->pcb != NULL && has_given_up(c)) {
        give_up(c);
        return;
    }
    move_back(c);
    if (c->socket >= 0 && c->pcb != NULL)
        move_there(c);
    if (c->socket >= 0 && c->pcb != NULL && c->board_done && c->host_done)
        leave_to_stack(c);
    if (c->socket < 0 || (c->board_done && c->pending != NULL))
        return;
    if (c->pcb == NULL)
        end(c, c->board_done);
    else if (c->board_done && !c->told)
        c->told = shutdown(c->socket, SHUT_WR) == 0;
}

// ---- Frames and turns ---------------------------------------------------------------------------

// Whether it is a segment for a client that is gone.
static bool is_for_the_gone(const uint8_t *frame, uint32_t n) {
    const uint8_t *ip = frame + SIZEOF_ETH_HDR;
    if (n < SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN || frame[12] != 0x08 || frame[13] != 0 ||
        ip[9] != IP_PROTO_TCP)
        return false;
    const uint8_t *tcp = ip + (ip[0] & 0xf) * 4;
    uint32_t port = (uint32_t)tcp[2] << 8 | tcp[3];
    return (forgotten[port / 8] & 1u << port % 8) != 0;
}

void gateway_take(const uint8_t *frame, uint32_t n) {
    if (is_for_the_gone(frame, n))
        return;
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM);
    LWIP_ASSERT("memory", p != NULL);
    pbuf_take(p, frame, (u16_t)n);
    if (netif.input(p, &netif) != ERR_OK)
        pbuf_free(p);
}

const char *gateway_start(int32_t *port, int32_t *http_port) {
    static const ip4_addr_t address = LEASE_NETWORK, mask = LEASE_MASK;
    int32_t *ports[KINDS] = {port, http_port};
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++)
        c->socket = -1;
    static char wrong[128];
    for (int kind = 0; kind < KINDS; kind++) {
        if (*ports[kind] == 0 || (listeners[kind] = listen_on(ports[kind])) >= 0)
            continue;
        snprintf(wrong, sizeof wrong, "port %d: %s", *ports[kind], strerror(errno));
        return wrong;
    }
    lwip_init();
    netif_add(&netif, &address, &mask, &address, NULL, begin_netif, ethernet_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    lease_start(&netif);
    return NULL;
}

void gateway_turn(void) {
    sys_check_timeouts();
    // Before the board has told where it listens, clients wait.
    if (listeners[CLIENT] >= 0 && board_inside->port != 0)
        take_client(CLIENT);
    if (listeners[MONITOR] >= 0 && board_inside->http_port != 0)
        take_client(MONITOR);
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++) {
        if (c->socket >= 0)
            look_after(c);
    }
}

uint32_t gateway_poll(struct pollfd events[GATEWAY_POLL_MAX]) {
    uint32_t count = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        bool wanted = kind == CLIENT ? board_inside->port != 0 : board_inside->http_port != 0;
        if (listeners[kind] >= 0 && wanted && free_client() != NULL)
            events[count++] = (struct pollfd){.fd = listeners[kind], .events = POLLIN};
    }
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++) {
        short wanted = 0;
        if (c->socket < 0)
            continue;
        if (c->open && !c->host_done && c->pcb != NULL && tcp_sndbuf(c->pcb) > 0)
            wanted |= POLLIN;
        if (c->pending != NULL && !is_slow(c))
            wanted |= POLLOUT;
        if (wanted != 0)
            events[count++] = (struct pollfd){.fd = c->socket, .events = wanted};
    }
    return count;
}

uint32_t gateway_wait_ms(void) {
    return sys_timeouts_sleeptime();
}

void gateway_list(void) {
    uint32_t count = 0;
    for (struct client *c = clients; c < clients + CLIENTS_MAX; c++) {
        if (c->socket < 0)
            continue;
        terminal_tell("client %u from port %u%s: %llu bytes%s%s", c->number, c->port,
                      c->kind == MONITOR ? " monitors" : "", (unsigned long long)c->moved,
                      c->open ? "" : ", not yet open", is_slow(c) ? ", reads nothing" : "");
        count++;
    }
    if (count == 0)
        terminal_tell("no clients");
}
