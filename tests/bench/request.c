// Requesters keep a number of requests in flight; one responder echoes their payloads. A request
// names a reply subject of its own, as the official clients do, in an inbox subscribed to once.
#include "cases.h"
#include "pump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "bench.service"

enum { SIZE_MAX_BYTES = 1024, SAMPLES_MAX = 1 << 23, IN_FLIGHT_MAX = 256 };

struct tally {
    uint32_t size, in_flight, requests;
    uint32_t *latency_ns, samples;
    bool stopping;
};

struct requester {
    struct conn conn;
    struct tally *tally;
    char inbox[32];
    uint32_t inbox_len, sent, received;
    uint64_t sent_ns[IN_FLIGHT_MAX];
};

static void write_payload(struct conn *c, const uint8_t *payload, uint32_t size) {
    conn_write(c, payload, size);
    conn_write(c, "\r\n", 2);
}

static void ask(struct requester *r) {
    uint8_t payload[SIZE_MAX_BYTES];
    uint32_t size = r->tally->size;
    payload_write(payload, size, r->sent);
    r->sent_ns[r->sent % IN_FLIGHT_MAX] = now_ns();
    conn_printf(&r->conn, "PUB " SERVICE " %s%08x %u\r\n", r->inbox, r->sent++, size);
    write_payload(&r->conn, payload, size);
}

static void take_request(struct conn *c, const struct message *m) {
    payload_index(m);
    if (m->subject_len != strlen(SERVICE) || memcmp(m->subject, SERVICE, m->subject_len) != 0)
        fail("a request to %.*s", (int)m->subject_len, m->subject);
    conn_printf(c, "PUB %.*s %u\r\n", (int)m->reply_len, m->reply, m->size);
    write_payload(c, m->payload, m->size);
}

static void take_reply(struct conn *c, const struct message *m) {
    struct requester *r = c->user;
    struct tally *t = r->tally;
    char token[16];
    snprintf(token, sizeof token, "%08x", r->received);
    if (m->subject_len != r->inbox_len + 8 || m->size != t->size ||
        memcmp(m->subject, r->inbox, r->inbox_len) != 0 ||
        memcmp(m->subject + r->inbox_len, token, 8) != 0 || payload_index(m) != r->received)
        fail("%.*s is not the reply to request %s", (int)m->subject_len, m->subject, token);
    uint64_t latency = now_ns() - r->sent_ns[r->received++ % IN_FLIGHT_MAX];
    if (t->samples < SAMPLES_MAX)
        t->latency_ns[t->samples++] = (uint32_t)latency;
    t->requests++;
    if (!t->stopping)
        ask(r);
}

static void requester_open(struct requester *r, uint32_t number, struct tally *t, struct pump *p) {
    r->tally = t;
    r->inbox_len =
        (uint32_t)snprintf(r->inbox, sizeof r->inbox, "_INBOX.Zk3nVb8QwXr5TyHs%06u.", number);
    conn_open(&r->conn, p);
    r->conn.message = take_reply;
    r->conn.user = r;
    conn_printf(&r->conn, "SUB %s* 1\r\n", r->inbox);
    conn_sync(&r->conn);
}

static void phase(struct pump *p, struct requester *requesters, uint32_t n, double seconds) {
    struct tally *t = requesters->tally;
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    t->stopping = false;
    t->samples = t->requests = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < t->in_flight; k++)
            ask(&requesters[i]);
        conn_flush(&requesters[i].conn);
    }
    while (now_ns() < end)
        pump_turn(p, true);
    t->stopping = true;
    for (uint32_t i = 0; i < n; i++)
        while (requesters[i].received < requesters[i].sent)
            pump_turn(p, true);
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void run_request(const struct target *target, const struct shape *shape) {
    struct pump p;
    struct meter m;
    struct tally t = {.size = shape->size, .in_flight = shape->in_flight};
    struct conn responder = {.message = take_request};
    struct requester *requesters = calloc(shape->requesters, sizeof *requesters);
    t.latency_ns = malloc(SAMPLES_MAX * sizeof *t.latency_ns);
    pump_init(&p, target->port, true);
    conn_open(&responder, &p);
    conn_printf(&responder, "SUB " SERVICE " 1\r\n");
    conn_sync(&responder);
    for (uint32_t i = 0; i < shape->requesters; i++)
        requester_open(&requesters[i], i, &t, &p);

    phase(&p, requesters, shape->requesters, target->seconds / 4);
    meter_start(&m, target->pid);
    phase(&p, requesters, shape->requesters, target->seconds);
    meter_stop(&m, target->pid);

    report("rate", t.requests / ((double)m.wall / 1e9));
    report_server(&m, target->pid, t.requests);
    qsort(t.latency_ns, t.samples, sizeof *t.latency_ns, ascending);
    report("p50_us", t.latency_ns[t.samples / 2] / 1e3);
    report("p99_us", t.latency_ns[t.samples / 100 * 99] / 1e3);
    report("delivered", t.requests);
}
