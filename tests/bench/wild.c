// Publishes to 131,072 distinct subjects over a table of subscriptions with wildcards, all of them
// on one connection. What must be delivered is computed beforehand, by a matcher that shares
// nothing with a trie: it forms every pattern that could match a subject and looks it up by hash.
//
// A subject has five tokens, a17.b3.c40.d8.e25, or four. A pattern fixes two or three of five, on
// any levels, or the first and one or two more of four; the others are `*`, or a `>` at the end:
// a17.*.c40.>. The vocabulary of a level grows with the table, so that a publish matches about one
// subscription (fewer in the smallest table).
#include "cases.h"
#include "pump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUBJECTS = 131072,
    LEVELS = 5,  // at most
    SIZE = 16,
    WINDOW = 32768,  // subjects published ahead of the last that was delivered
    SLOTS = 1 << 18,
    STAR = 0xffe,
    REST = 0xfff,  // >
};

// A set of subjects or patterns, each with a number. Five tokens of twelve bits are a key; the
// levels after `>` are 0, and a token's number is at least 1, so that no key is 0.
struct set {
    uint64_t key[SLOTS];
    uint32_t number[SLOTS];
};

// What one publish must cause: how many deliveries, and the sum of their sids, scrambled.
struct expectation {
    uint32_t count, sum;
};

struct watch {
    const struct ring *published;
    struct expectation expected[SUBJECTS], seen;  // `seen` of the publish `current`
    uint64_t current, delivered;
};

static uint32_t draw(uint32_t limit) {
    static uint64_t x = 88172645463325252;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (uint32_t)(x >> 32) % limit;
}

static uint32_t scrambled(uint32_t sid) {
    return (sid ^ sid >> 15) * 2654435761u;
}

static uint64_t with_token(uint64_t key, uint32_t level, uint32_t token) {
    return (key & ~((uint64_t)0xfff << 12 * level)) | (uint64_t)token << 12 * level;
}

static uint32_t token(uint64_t key, uint32_t level) {
    return key >> 12 * level & 0xfff;
}

// The slot of that key, or the free one where it belongs.
static uint32_t set_slot(const struct set *s, uint64_t key) {
    uint32_t i = key * 0x9e3779b97f4a7c15 >> 46;
    while (s->key[i] != 0 && s->key[i] != key)
        i = (i + 1) % SLOTS;
    return i;
}

static bool set_add(struct set *s, uint64_t key, uint32_t number) {
    uint32_t i = set_slot(s, key);
    if (s->key[i] == key)
        return false;
    s->key[i] = key;
    s->number[i] = number;
    return true;
}

static uint64_t draw_subject(uint32_t levels, uint32_t vocabulary) {
    uint64_t key = 0;
    for (uint32_t level = 0; level < levels; level++)
        key = with_token(key, level, 1 + draw(vocabulary));
    return key;
}

static uint64_t draw_pattern(uint32_t levels, uint32_t vocabulary) {
    uint64_t key = draw_subject(levels, vocabulary);
    uint32_t heads = LEVELS - levels, stars = levels - 3 + draw(2), last = levels - 1;
    while (stars > 0) {
        uint32_t level = heads + draw(levels - heads);
        if (token(key, level) != STAR) {
            key = with_token(key, level, STAR);
            stars--;
        }
    }
    while (token(key, last) == STAR)
        last--;
    if (last < levels - 1 && draw(2)) {
        uint32_t cut = last + 1 + draw(levels - 1 - last);
        key = with_token(key & (((uint64_t)1 << 12 * cut) - 1), cut, REST);
    }
    return key;
}

// Appends the text; returns its end.
static char *write_key(char *p, uint64_t key) {
    for (uint32_t level = 0; level < LEVELS && token(key, level) != 0; level++) {
        if (level > 0)
            *p++ = '.';
        if (token(key, level) == STAR)
            *p++ = '*';
        else if (token(key, level) == REST)
            *p++ = '>';
        else
            p += sprintf(p, "%c%u", 'a' + level, token(key, level));
    }
    *p = 0;
    return p;
}

static struct expectation match(const struct set *patterns, uint32_t levels, uint64_t subject) {
    struct expectation e = {0};
    for (uint32_t cut = 1; cut <= levels; cut++) {
        for (uint32_t stars = 0; stars < 1u << cut; stars++) {
            uint64_t key = subject & (((uint64_t)1 << 12 * cut) - 1);
            for (uint32_t level = 0; level < cut; level++)
                if (stars >> level & 1)
                    key = with_token(key, level, STAR);
            if (cut < levels)
                key = with_token(key, cut, REST);
            uint32_t slot = set_slot(patterns, key);
            if (patterns->key[slot] == key) {
                e.count++;
                e.sum += scrambled(patterns->number[slot]);
            }
        }
    }
    return e;
}

// All publishes before that one have had their deliveries: were they the right ones?
static void settle(struct watch *w, uint64_t until) {
    for (; w->current < until; w->current++) {
        const struct expectation *e = &w->expected[w->current % SUBJECTS];
        if (w->seen.count != e->count || w->seen.sum != e->sum)
            fail("publish %" PRIu64 ": %u deliveries, %u expected%s", w->current, w->seen.count,
                 e->count, w->seen.count == e->count ? ", to other sids" : "");
        w->seen = (struct expectation){0};
    }
}

static void take_match(struct conn *c, const struct message *m) {
    struct watch *w = c->user;
    uint32_t index = payload_index(m), now = (uint32_t)(w->current % SUBJECTS);
    if (index >= SUBJECTS || m->size != SIZE)
        fail("a message that nobody published");
    settle(w, w->current + (index + SUBJECTS - now) % SUBJECTS);
    const uint8_t *record = w->published->bytes + w->published->offset[index];
    if (memcmp(record + 4, m->subject, m->subject_len) != 0 || record[4 + m->subject_len] != ' ')
        fail("publish %u arrived as %.*s", index, (int)m->subject_len, m->subject);
    w->seen.count++;
    w->seen.sum += scrambled(m->sid);
    w->delivered++;
}

// Publishes for that time and waits until everything has arrived.
static void phase(struct conn *publisher, struct conn *subscriber, double seconds) {
    struct watch *w = subscriber->user;
    const struct ring *r = w->published;
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    do
        pump_turn(publisher->pump, !conn_feed(publisher, ring_position(r, w->current + WINDOW)));
    while (now_ns() < end);
    uint64_t count = ring_ceiling(r, publisher->fed);
    publisher->feed_to = ring_position(r, count);
    conn_sync(publisher);
    conn_sync(subscriber);
    settle(w, count);
}

void run_wild(const struct target *t, const struct shape *shape) {
    struct set *patterns = calloc(1, sizeof *patterns), *subjects = calloc(1, sizeof *subjects);
    struct watch *w = calloc(1, sizeof *w);
    struct conn publisher = {0}, subscriber = {.message = take_match, .user = w};
    struct ring published;
    struct pump p;
    struct meter m;
    char line[64];
    uint32_t levels = shape->levels;
    uint32_t vocabulary = levels == 5 ? 12 : 23;  // enough for that many subjects
    while (2 * vocabulary * vocabulary < shape->subscriptions)
        vocabulary++;

    pump_init(&p, t->port, false);
    conn_open(&subscriber, &p);
    for (uint32_t sid = 1; sid <= shape->subscriptions;) {
        uint64_t pattern = draw_pattern(levels, vocabulary);
        if (set_add(patterns, pattern, sid)) {
            write_key(line, pattern);
            conn_printf(&subscriber, "SUB %s %u\r\n", line, sid++);
        }
    }
    conn_sync(&subscriber);

    ring_init(&published, SUBJECTS, sizeof line + SIZE + 8);
    while (published.records < SUBJECTS) {
        uint64_t subject = draw_subject(levels, vocabulary);
        if (set_add(subjects, subject, 1)) {
            w->expected[published.records] = match(patterns, levels, subject);
            write_key(line + sprintf(line, "PUB "), subject);
            ring_add(&published, line, SIZE);
        }
    }
    w->published = &published;
    conn_open(&publisher, &p);
    publisher.feed = &published;

    phase(&publisher, &subscriber, t->seconds / 4);
    uint64_t before = w->current, delivered = w->delivered;
    meter_start(&m, t->pid);
    phase(&publisher, &subscriber, t->seconds);
    meter_stop(&m, t->pid);
    report("rate", (double)(w->current - before) / ((double)m.wall / 1e9));
    report_server(&m, t->pid, (double)(w->current - before));
    report_generator(&m);
    report("delivered", (double)(w->delivered - delivered));
}
