// The broker over port/lwip.c on a Linux process that plays a chip. Commands come by the standard
// input, one a line, and are answered by one line that begins with `=`:
//
//     link 0|1    pulls or plugs the cable
//     mute 0|1    frames vanish, the link stays
//     loss N      one frame in N is lost
//     refuse N    the MAC has no room for one frame in N
//     fail N      the N-th take from a pool of lwIP fails, once; answers how many takes there were
//     pools       the used and the highest entries of each pool, and the broker's clients

#include <fcntl.h>
#include <lwip/memp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/port.h"
#include "tests/boards/lwip/tap.h"

static struct midge midge;
static struct midge_config config;
static uint32_t takes, fails_at;

void *__real_memp_malloc(memp_t pool);
void *__wrap_memp_malloc(memp_t pool);

void *__wrap_memp_malloc(memp_t pool) {
    // A timer comes from a pool that has one for each by construction; lwIP asserts so.
    if (pool == MEMP_SYS_TIMEOUT)
        return __real_memp_malloc(pool);
    return ++takes == fails_at ? NULL : __real_memp_malloc(pool);
}

_Noreturn void midge_panic(const char *file, int line) {
    printf("panic %s:%d\n", file, line);
    abort();
}

static void drain(struct midge *m) {
    enum midge_level level;
    char line[MIDGE_LOG_LINE_BYTES];
    uint32_t n;
    while ((n = midge_log(m, &level, line, sizeof line)) > 0)
        printf("%.*s\n", (int)n, line);
}

static void show_pools(void) {
    static const char *const names[] = {
#define LWIP_MEMPOOL(name, num, size, desc) #name,
#include <lwip/priv/memp_std.h>
    };
    printf("= clients=%u/%u", midge_clients(&midge), midge_clients(&midge));
    printf(" blocks=%u/%u", (unsigned)midge.pools[POOL_blocks].used,
           (unsigned)midge.pools[POOL_blocks].limit);
    uint32_t waiting = 0;
    for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next)
        waiting++;
    printf(" time_wait=%u/%u", waiting, waiting);
    for (int i = 0; i < MEMP_MAX; i++)
        printf(" %s=%u/%u", names[i], (unsigned)lwip_stats.memp[i]->used,
               (unsigned)lwip_stats.memp[i]->max);
    printf("\n");
}

static void obey(const char *line) {
    char word[16];
    unsigned n = 0;
    if (sscanf(line, "%15s %u", word, &n) < 1)
        return;
    if (strcmp(word, "link") == 0)
        faults.unplugged = n == 0;
    else if (strcmp(word, "mute") == 0)
        faults.mute = n != 0;
    else if (strcmp(word, "loss") == 0)
        faults.loss = n;
    else if (strcmp(word, "refuse") == 0)
        faults.refusals = n;
    if (strcmp(word, "pools") == 0)
        show_pools();
    else
        printf("= %u\n", takes);
    if (strcmp(word, "fail") == 0) {
        fails_at = n;
        takes = 0;
    }
}

// Answers false once the test has gone.
static bool obey_all(void) {
    static char text[256];
    static size_t used;
    ssize_t n = read(0, text + used, sizeof text - 1 - used);
    if (n == 0)
        return false;
    if (n < 0)
        return true;
    used += (size_t)n;
    text[used] = '\0';
    char *line = text;
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        obey(line);
    }
    used = strlen(line);
    memmove(text, line, used);
    return true;
}

int main(int argc, char **argv) {
    static const struct port_network network_static = {
        .mac = {2, 0, 0, 0, 0, 2},
        .address = {10, 9, 0, 2},
        .mask = {255, 255, 255, 0},
        .host_name = "midge.example",
    };
    struct port_network network = network_static;
    network.dhcp = argc > 1 && strcmp(argv[1], "dhcp") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    fcntl(0, F_SETFL, O_NONBLOCK);
    midge_config_defaults(&config);
    config.entropy = port_entropy;
    config.max_connections = MIDGE_CLIENTS_MAX;
    config.debug = true;
    if (!port_network(&network) || port_init(MIDGE_TCP_SOCKETS) < 0 ||
        !midge_init(&midge, &config, port_now()) || port_listen(MIDGE_CLIENT, "", 4222) < 0 ||
        port_listen(MIDGE_MONITOR, "", 8222) < 0)
        return 1;
    printf("= ready\n");
    while (obey_all())
        port_turn(&midge, drain);
    return 0;
}
