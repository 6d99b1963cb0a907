// Publishers send as fast as the server takes it, and all that was published must arrive.
//
// A publisher's lead over its slowest subscriber is bounded: nats-server cuts off a subscriber
// with more than 64 MB pending. The bound is the same for all servers, and large enough that the
// publisher hardly ever waits for it.
#include "cases.h"
#include "pump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 16 << 20 };  // under way to all subscribers together

// A subject, its publisher and its subscribers.
struct stream {
    struct ring published, expected;
    struct conn publisher, *subscribers;
    uint32_t subscriber_count;
    uint32_t window;  // records
    // Of a queue group: what the members received together, and how often each record of the ring.
    uint64_t received, *times;
};

// A member of a queue group.
struct member {
    struct stream *stream;
    uint32_t last;
};

// Members receive the records in turns, but each of them only ever later ones.
static void take_queued(struct conn *c, const struct message *m) {
    struct member *member = c->user;
    struct stream *s = member->stream;
    uint32_t index = payload_index(m), records = s->published.records;
    if (index >= records || (index + records - member->last) % records > records / 2)
        fail("a member of the queue group received %u after %u", index, member->last);
    const uint8_t *record = s->expected.bytes + s->expected.offset[index];
    if (memcmp(record, m->subject - strlen("MSG "), s->expected.offset[1]) != 0)
        fail("not the message that was published: MSG %.*s", (int)m->subject_len, m->subject);
    member->last = index;
    s->times[index]++;
    s->received++;
}

static void stream_open(struct stream *s, uint32_t number, const struct shape *shape,
                        struct pump *p) {
    char head[64];
    snprintf(head, sizeof head, "PUB bench.%u", number);
    ring_fill(&s->published, head, shape->size);
    snprintf(head, sizeof head, "MSG bench.%u 1", number);
    ring_fill(&s->expected, head, shape->size);

    s->subscriber_count = shape->subscribers;
    s->subscribers = calloc(shape->subscribers, sizeof *s->subscribers);
    s->times = calloc(s->published.records, sizeof *s->times);
    struct member *members = calloc(shape->subscribers, sizeof *members);
    uint32_t copies = shape->publishers * (shape->queue ? 1 : shape->subscribers);
    s->window = copies == 0 ? UINT32_MAX : WINDOW_BYTES / copies / s->expected.offset[1];
    for (uint32_t i = 0; i < shape->subscribers; i++) {
        struct conn *c = &s->subscribers[i];
        conn_open(c, p);
        conn_printf(c, "SUB bench.%u%s 1\r\n", number, shape->queue ? " group" : "");
        members[i].stream = s;
        c->user = &members[i];
        if (shape->queue)
            c->message = take_queued;
        else
            c->expect = &s->expected;
        conn_sync(c);
    }
    conn_open(&s->publisher, p);
    s->publisher.feed = &s->published;
}

// Records that all subscribers have.
static uint64_t delivered(const struct stream *s) {
    if (s->received > 0)
        return s->received;
    if (s->subscriber_count == 0)
        return ring_whole(&s->published, s->publisher.fed);
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < s->subscriber_count; i++)
        if (s->subscribers[i].taken < least)
            least = s->subscribers[i].taken;
    return ring_whole(&s->expected, least);
}

// Every record was received as often as it was published, all groups together.
static void check_queue(const struct stream *s, uint64_t published) {
    uint32_t records = s->published.records;
    for (uint32_t i = 0; i < records; i++)
        if (s->times[i] != published / records + (i < published % records))
            fail("message %u of the ring was delivered %" PRIu64 " times of %" PRIu64, i,
                 s->times[i], (published / records));
}

// Publishes for that time and waits until everything has arrived; returns how many it is so far.
static uint64_t phase(struct pump *p, struct stream *streams, uint32_t n, double seconds) {
    uint64_t published = 0, end = now_ns() + (uint64_t)(seconds * 1e9);
    do {
        bool more = false;
        for (struct stream *s = streams; s < streams + n; s++)
            more |=
                conn_feed(&s->publisher, ring_position(&s->published, delivered(s) + s->window));
        pump_turn(p, !more);
    } while (now_ns() < end);
    for (struct stream *s = streams; s < streams + n; s++) {
        uint64_t count = ring_ceiling(&s->published, s->publisher.fed);
        s->publisher.feed_to = ring_position(&s->published, count);
        published += count;
    }
    for (struct stream *s = streams; s < streams + n; s++) {
        conn_sync(&s->publisher);
        while (delivered(s) < ring_whole(&s->published, s->publisher.fed))
            pump_turn(p, true);
    }
    return published;
}

void run_flow(const struct target *t, const struct shape *shape) {
    struct pump p;
    struct meter m;
    struct stream *streams = calloc(shape->publishers, sizeof *streams);
    pump_init(&p, t->port, false);
    pump_secure(&p, &shape->secure);
    for (uint32_t i = 0; i < shape->publishers; i++)
        stream_open(&streams[i], i, shape, &p);

    uint64_t before = phase(&p, streams, shape->publishers, t->seconds / 4);
    meter_start(&m, t->pid);
    uint64_t published = phase(&p, streams, shape->publishers, t->seconds) - before;
    meter_stop(&m, t->pid);

    for (struct stream *s = streams; s < streams + shape->publishers; s++) {
        uint64_t all = ring_whole(&s->published, s->publisher.fed);
        for (uint32_t i = 0; i < s->subscriber_count; i++)
            conn_sync(&s->subscribers[i]);
        if (delivered(s) != all)
            fail("%" PRIu64 " messages were delivered of %" PRIu64, delivered(s), all);
        if (shape->queue)
            check_queue(s, all);
    }
    double copies = shape->queue || shape->subscribers == 0 ? 1 : shape->subscribers;
    report("rate", (double)published * copies / ((double)m.wall / 1e9));
    report_server(&m, t->pid, (double)published * copies);
    report_generator(&m);
    report("delivered", shape->subscribers == 0 ? 0 : (double)published * copies);
}
