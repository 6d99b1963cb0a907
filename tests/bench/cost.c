// What a server costs that has nothing to relay: memory by connection and by subscription, CPU time
// while thousands of connections idle, and what it takes to start and to be connected to.
#include "cases.h"
#include "pump.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 5000,
    SUBSCRIPTIONS = 100000,
    FIRST_PINGS_S = 5,  // nats-server sends them two seconds after a connect
    IDLE_S = 5,
    SETTLE_S = 2,  // nats-server collects garbage
    STARTS = 15,
};

static void pause_ns(long ns) {
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    nanosleep(&t, NULL);
}

// Answers PINGs for that time; returns the server's CPU time in nanoseconds by second.
static double idle(const struct target *t, struct pump *p, uint32_t seconds) {
    struct meter m;
    meter_start(&m, t->pid);
    for (uint64_t end = now_ns() + seconds * 1000000000ull; now_ns() < end; pause_ns(1000000))
        pump_turn(p, false);
    meter_stop(&m, t->pid);
    return (double)m.server / ((double)m.wall / 1e9);
}

// Bytes of resident memory that each of n things has added since `before`, which moves on.
static double growth(const struct target *t, uint64_t *before, uint32_t n) {
    uint64_t now = rss_bytes(t->pid);
    double each = ((double)now - (double)*before) / n;
    *before = now;
    return each;
}

void run_memory(const struct target *t, const struct shape *shape) {
    (void)shape;
    struct pump p;
    struct conn *conns = calloc(CONNECTIONS, sizeof *conns);
    uint64_t rss = rss_bytes(t->pid);
    report("rss_idle", (double)rss);
    pump_init(&p, t->port, false);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        conn_open(&conns[i], &p);
        conn_printf(&conns[i], "SUB device.%u 1\r\n", i);
        conn_sync(&conns[i]);
    }
    report("first_pings", idle(t, &p, FIRST_PINGS_S));
    report("rss_connection", growth(t, &rss, CONNECTIONS));
    report("idle", idle(t, &p, IDLE_S));

    for (uint32_t i = 0; i < SUBSCRIPTIONS; i++)
        conn_printf(&conns[0], "SUB more.%u %u\r\n", i, i + 2);
    conn_sync(&conns[0]);
    idle(t, &p, SETTLE_S);
    report("rss_subscription", growth(t, &rss, SUBSCRIPTIONS));
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        for (uint32_t k = 0; k < SUBSCRIPTIONS / CONNECTIONS; k++)
            conn_printf(&conns[i], "SUB device.%u.command.%u %u\r\n", i, k, SUBSCRIPTIONS + 2 + k);
        conn_sync(&conns[i]);
    }
    idle(t, &p, SETTLE_S);
    report("rss_spread", growth(t, &rss, SUBSCRIPTIONS));
}

// Each round connects a number of clients at once, waits for the last PONG, and closes all.
void run_connect(const struct target *t, const struct shape *shape) {
    struct pump p;
    struct meter m;
    uint32_t count = 0;
    struct conn *conns = calloc(shape->clients, sizeof *conns);
    pump_init(&p, t->port, false);
    pump_secure(&p, &shape->secure);
    meter_start(&m, t->pid);
    for (uint64_t end = now_ns() + (uint64_t)(t->seconds * 1e9); now_ns() < end;) {
        for (uint32_t i = 0; i < shape->clients; i++)
            conn_dial(&conns[i], &p);
        for (uint32_t i = 0; i < shape->clients; i++)
            conn_await(&conns[i], 1);
        for (uint32_t i = 0; i < shape->clients; i++)
            conn_close(&conns[i]);
        count += shape->clients;
    }
    pause_ns(200000000);  // the server has noticed the last close
    meter_stop(&m, t->pid);
    report_server(&m, t->pid, count);
    report("delivered", count);
    if (shape->secure.version == NULL)
        return;
    uint64_t resumed = secure_resumed(p.secure);
    // OpenSSL does not offer every ticket.
    if (shape->secure.resumes ? resumed < count / 10 * 9 : resumed > 0)
        fail("%" PRIu64 " of %u handshakes resumed", resumed, count);
    report("shakes", count / ((double)m.wall / 1e9));
    report("shakes_cpu", count / ((double)m.server / 1e9));
    report_generator(&m);
}

// Nanoseconds from fork to the first byte of INFO.
static uint64_t start_once(const struct target *t) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(t->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    uint64_t start = now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        cpu_set_t core;
        CPU_ZERO(&core);
        CPU_SET(t->core, &core);
        if (sched_setaffinity(0, sizeof core, &core) == 0 && freopen("/dev/null", "w", stderr))
            execvp(t->command[0], t->command);
        _exit(127);
    }
    int fd;
    for (;;) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
            break;
        close(fd);
        if (now_ns() - start > 10000000000)
            fail("%s does not listen on %u", t->command[0], t->port);
        pause_ns(20000);
    }
    char first;
    if (recv(fd, &first, 1, 0) != 1 || first != 'I')
        fail("no INFO from %s", t->command[0]);
    uint64_t took = now_ns() - start;
    close(fd);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return took;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void run_start(const struct target *t, const struct shape *shape) {
    (void)shape;
    uint64_t took[STARTS];
    for (uint32_t i = 0; i < STARTS; i++)
        took[i] = start_once(t);
    qsort(took, STARTS, sizeof *took, ascending);
    report("start_ms", (double)took[STARTS / 2] / 1e6);
}
