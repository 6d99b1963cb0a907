// The NATS protocol as a load generator needs it. What is published stands ready in a ring of
// records that is sent again and again; what one subscriber must then receive is such a ring too,
// so that checking a delivery is comparing memory. Where the order of deliveries is the server's
// choice, messages are parsed, and each payload tells by its index what it must be.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct ring {
    uint8_t *bytes;
    uint32_t *offset;  // of each record, and of the end
    uint32_t records;
};

struct message {
    const char *subject, *reply;  // not terminated
    uint32_t subject_len, reply_len, sid, size;
    const uint8_t *payload;
};

// An empty ring with room for `records` of at most `record_max` bytes.
void ring_init(struct ring *r, uint32_t records, uint32_t record_max);
// Appends a record: the control line `head` without its size, and the payload of that index.
void ring_add(struct ring *r, const char *head, uint32_t size);
// A ring of records that differ in their payload only, small enough to stay in the core's cache.
// How many there are depends on the size alone; a head has at most 24 bytes.
void ring_fill(struct ring *r, const char *head, uint32_t size);

static inline uint32_t ring_length(const struct ring *r) {
    return r->offset[r->records];
}

// Where record number n starts, counted from the first byte of the first round.
static inline uint64_t ring_position(const struct ring *r, uint64_t n) {
    return n / r->records * ring_length(r) + r->offset[n % r->records];
}

// How many whole records lie before that position.
uint64_t ring_whole(const struct ring *r, uint64_t position);
// The same, and one more for a record that is cut there.
uint64_t ring_ceiling(const struct ring *r, uint64_t position);

// Writes a payload: its index in four bytes, then a pattern that depends on it.
void payload_write(uint8_t *to, uint32_t size, uint32_t index);
// The index of a payload that is what payload_write made; fails the run otherwise.
uint32_t payload_index(const struct message *m);

// Bytes that the message takes, 0 if it is not complete. Fails the run if it is not a message.
size_t message_parse(struct message *m, const uint8_t *p, size_t n);
