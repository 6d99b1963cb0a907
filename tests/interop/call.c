// Calls a server by TLS as the broker calls a remote, by port/tls.c: says what came of the handshake
// on standard error, passes standard input on, and what it is answered to standard output, until
// the server ends. What the broker would do is done here.
//
//     call PORT NAME AUTHORITIES [CERTIFICATE KEY]
//
// The server is at 127.0.0.1; an empty NAME calls it by that address, and empty AUTHORITIES whoever
// it is. All files are in PEM. The status is 0 where the handshake succeeded.

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "port/tls.h"

#define FILE_BYTES 65536

static int fd;
static bool over, secured;
static uint8_t typed[4096];
static uint32_t typed_bytes;

// ---- In place of a port and a broker ------------------------------------------------------------

struct midge_now port_now(void) {
    struct timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t us = (uint64_t)mono.tv_sec * 1000000 + (uint64_t)mono.tv_nsec / 1000;
    return (struct midge_now){us, (uint64_t)wall.tv_sec * 1000000, (uint32_t)(us / 1000)};
}

bool port_entropy(void *to, uint32_t n) {
    return getrandom(to, n, 0) == (ssize_t)n;
}

void midge_secured(struct midge *m, midge_conn conn, const struct midge_tls *tls) {
    (void)m, (void)conn;
    secured = tls->failure == NULL;
    over = !secured;
    if (secured)
        fprintf(stderr, "TLS 1.%u, cipher suite %04x\n", (tls->version & 0xff) - 1, tls->cipher);
    else
        fprintf(stderr, "%s\n", tls->failure);
}

int32_t midge_rx(struct midge *m, midge_conn conn, const uint8_t *bytes, uint32_t n) {
    (void)m, (void)conn;
    fwrite(bytes, 1, n, stdout);
    fflush(stdout);
    return (int32_t)n;
}

uint32_t midge_tx(struct midge *m, midge_conn conn, uint32_t skip, struct midge_span *spans,
                  uint32_t max) {
    (void)m, (void)conn, (void)max;
    spans[0] = (struct midge_span){typed + skip, typed_bytes - skip};
    return typed_bytes > skip;
}

void midge_sent(struct midge *m, midge_conn conn, uint32_t n) {
    (void)m, (void)conn;
    typed_bytes -= n;
    memmove(typed, typed + n, typed_bytes);
}

void midge_panic(const char *file, int line) {
    fprintf(stderr, "%s:%d\n", file, line);
    abort();
}

// -------------------------------------------------------------------------------------------------

static int32_t send_all(void *context, const uint8_t *bytes, uint32_t n, bool more) {
    (void)context, (void)more;
    ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
    return sent < 0 ? -errno : (int32_t)sent;
}

static struct port_text read_file(const char *name) {
    char *text = calloc(1, FILE_BYTES);
    FILE *file = name[0] != '\0' ? fopen(name, "r") : NULL;
    struct port_text read = {text,
                             file != NULL ? (uint32_t)fread(text, 1, FILE_BYTES - 1, file) : 0};
    if (file != NULL)
        fclose(file);
    return read;
}

// A server's bytes, or none to begin with.
static void hear(tls_slot slot, const uint8_t *bytes, uint32_t n) {
    uint32_t used = secured ? 0 : tls_handshake(NULL, slot, bytes, n, UINT32_MAX);
    if (secured)
        over = tls_rx(NULL, slot, bytes + used, n - used) < 0 || tls_tx(NULL, slot) < 0;
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6)
        return 2;
    struct midge_peer peer = {.ip = {127, 0, 0, 1}, .ip_bytes = 4};
    struct midge_tls_options options = {.enabled = true, .insecure = argv[3][0] == '\0'};
    struct port_certificates files = {.authorities = read_file(argv[3])};
    if (argc == 6) {
        files.chain = read_file(argv[4]);
        files.key = read_file(argv[5]);
    }
    const char *wrong = port_certify(1, &options, &files);
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        return 1;
    }
    port_certified();
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    memcpy(&to.sin_addr, peer.ip, 4);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("call");
        return 2;
    }
    tls_slot slot = tls_call(1, 1, argv[2][0] != '\0' ? argv[2] : NULL, &peer, send_all, NULL);
    bool typing = true;
    hear(slot, NULL, 0);
    while (!over) {
        struct pollfd waits[] = {{fd, POLLIN, 0},
                                 {secured && typing ? STDIN_FILENO : -1, POLLIN, 0}};
        poll(waits, 2, -1);
        if (waits[1].revents != 0) {
            ssize_t n = read(STDIN_FILENO, typed, sizeof typed);
            typed_bytes = n > 0 ? (uint32_t)n : 0;
            typing = n > 0;
            over = tls_tx(NULL, slot) < 0;
            if (!typing)
                tls_end(slot);
        }
        if (waits[0].revents != 0) {
            static uint8_t bytes[4096];  // pieces of records too
            ssize_t n = recv(fd, bytes, sizeof bytes, 0);
            if (n <= 0)
                break;
            hear(slot, bytes, (uint32_t)n);
        }
    }
    tls_close(slot);
    return secured ? 0 : 1;
}
