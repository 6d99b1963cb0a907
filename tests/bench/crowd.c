// Thousands of clients that are there at once, each of which receives what one of them publishes
// now and then: how long a message takes until it is with one, and until it is with the last.
#include "cases.h"
#include "pump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    INTERVAL_MS = 100,
    SAMPLES_MAX = 1 << 22,
    MESSAGES_MAX = 1 << 12,
};

struct crowd {
    uint32_t *latency_ns, samples;
    uint64_t sent_ns[MESSAGES_MAX];
    bool measured;
};

static void take_message(struct conn *c, const struct message *m) {
    struct crowd *crowd = c->user;
    uint64_t latency = now_ns() - crowd->sent_ns[payload_index(m) % MESSAGES_MAX];
    if (crowd->measured && crowd->samples < SAMPLES_MAX)
        crowd->latency_ns[crowd->samples++] = (uint32_t)latency;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void publish(struct conn *c, struct crowd *crowd, uint32_t index, uint32_t size) {
    uint8_t payload[256];
    payload_write(payload, size, index);
    conn_printf(c, "PUB crowd %u\r\n", size);
    conn_write(c, payload, size);
    conn_write(c, "\r\n", 2);
    crowd->sent_ns[index % MESSAGES_MAX] = now_ns();
    conn_flush(c);
}

void run_crowd(const struct target *t, const struct shape *shape) {
    struct rlimit files = {shape->clients + 64, shape->clients + 64};
    struct pump p;
    struct meter m;
    struct crowd crowd = {.measured = false};
    struct conn publisher = {0};
    struct conn *conns = calloc(shape->clients, sizeof *conns);
    crowd.latency_ns = malloc(SAMPLES_MAX * sizeof *crowd.latency_ns);
    setrlimit(RLIMIT_NOFILE, &files);
    uint64_t rss = t->pid != 0 ? rss_bytes(t->pid) : 0;
    pump_init(&p, t->port, false);
    pump_secure(&p, &shape->secure);
    for (uint32_t i = 0; i < shape->clients; i++) {
        conn_open(&conns[i], &p);
        conns[i].message = take_message;
        conns[i].user = &crowd;
        conn_printf(&conns[i], "SUB crowd 1\r\n");
        conn_sync(&conns[i]);
    }
    if (t->pid != 0)
        report("rss_secure", ((double)rss_bytes(t->pid) - (double)rss) / shape->clients);
    conn_open(&publisher, &p);

    // Some messages unmeasured, then so many as the time gives room for.
    uint32_t index = 0, wanted = 5 + (uint32_t)(t->seconds * 1000 / INTERVAL_MS);
    meter_start(&m, t->pid);
    for (uint64_t next = now_ns(); index < wanted;) {
        crowd.measured = index >= 5;
        publish(&publisher, &crowd, index++, shape->size);
        for (next += INTERVAL_MS * 1000000ull; now_ns() < next;)
            pump_turn(&p, false);
    }
    for (uint32_t i = 0; i < shape->clients; i++)
        conn_sync(&conns[i]);
    meter_stop(&m, t->pid);
    if (crowd.samples != (wanted - 5) * shape->clients)
        fail("%u messages were delivered of %u", crowd.samples, (wanted - 5) * shape->clients);
    qsort(crowd.latency_ns, crowd.samples, sizeof *crowd.latency_ns, ascending);
    report("p50_us", crowd.latency_ns[crowd.samples / 2] / 1e3);
    report("p99_us", crowd.latency_ns[crowd.samples / 100 * 99] / 1e3);
    report_server(&m, t->pid, (double)wanted * shape->clients);
    report("delivered", crowd.samples);
}
