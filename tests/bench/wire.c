#include "wire.h"
#include "meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RING_BYTES = 64 << 10,  // all rings of a case fit in a core's second-level cache
    RING_RECORDS_MIN = 16,
    HEAD_MAX = 32,
    PAYLOAD_MAX = 8192,
    PATTERNS = 1021,  // a payload's pattern starts at its index modulo this
};

void ring_init(struct ring *r, uint32_t records, uint32_t record_max) {
    r->records = 0;
    r->bytes = malloc((size_t)records * record_max);
    r->offset = calloc(records + 1, sizeof *r->offset);
    if (!r->bytes || !r->offset)
        fail("out of memory");
}

void ring_add(struct ring *r, const char *head, uint32_t size) {
    uint8_t *p = r->bytes + ring_length(r);
    p += sprintf((char *)p, "%s %u\r\n", head, size);
    payload_write(p, size, r->records);
    memcpy(p + size, "\r\n", 2);
    r->records++;
    r->offset[r->records] = (uint32_t)(p + size + 2 - r->bytes);
}

void ring_fill(struct ring *r, const char *head, uint32_t size) {
    uint32_t record = HEAD_MAX + size + 2, records = RING_BYTES / record;
    if (records < RING_RECORDS_MIN)
        records = RING_RECORDS_MIN;
    ring_init(r, records, record);
    while (r->records < records)
        ring_add(r, head, size);
}

uint64_t ring_whole(const struct ring *r, uint64_t position) {
    uint32_t rest = (uint32_t)(position % ring_length(r));
    uint32_t low = 0, high = r->records;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (r->offset[middle] <= rest)
            low = middle;
        else
            high = middle;
    }
    return position / ring_length(r) * r->records + low;
}

uint64_t ring_ceiling(const struct ring *r, uint64_t position) {
    uint64_t n = ring_whole(r, position);
    return n + (ring_position(r, n) < position);
}

// Random bytes, CR and LF among them, since a server must go by the size alone.
static const uint8_t *pattern(uint32_t index) {
    static uint8_t bytes[PATTERNS + PAYLOAD_MAX];
    if (!bytes[0]) {
        uint32_t x = 2463534242;
        for (size_t i = 0; i < sizeof bytes; i++) {
            x ^= x << 13, x ^= x >> 17, x ^= x << 5;
            bytes[i] = (uint8_t)(x >> 24);
        }
        bytes[0] = 1;
    }
    return bytes + index % PATTERNS;
}

void payload_write(uint8_t *to, uint32_t size, uint32_t index) {
    memcpy(to, &index, 4);
    memcpy(to + 4, pattern(index), size - 4);
}

uint32_t payload_index(const struct message *m) {
    uint32_t index;
    if (m->size < 4)
        fail("a payload of %u bytes was delivered, which nobody published", m->size);
    memcpy(&index, m->payload, 4);
    if (m->size > PAYLOAD_MAX || memcmp(m->payload + 4, pattern(index), m->size - 4) != 0)
        fail("a payload on %.*s is garbled", (int)m->subject_len, m->subject);
    return index;
}

static uint32_t number(const char *p, const char *end) {
    uint32_t n = 0;
    if (p == end)
        fail("a number is missing in a MSG line");
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            fail("not a number in a MSG line: %.*s", (int)(end - p), p);
        n = n * 10 + (uint32_t)(*p - '0');
    }
    return n;
}

size_t message_parse(struct message *m, const uint8_t *p, size_t n) {
    const char *line = (const char *)p;
    const char *end = memchr(line, '\n', n);
    if (!end)
        return 0;
    const char *word[5], *word_end[5];
    uint32_t words = 0;
    for (const char *q = line; q < end && words < 5; q++) {
        word[words] = q;
        while (*q != ' ' && *q != '\r' && *q != '\n')
            q++;
        word_end[words++] = q;
    }
    if (words < 4 || memcmp(line, "MSG ", 4) != 0)
        fail("not a message: %.*s", (int)(end - line), line);
    m->subject = word[1];
    m->subject_len = (uint32_t)(word_end[1] - word[1]);
    m->sid = number(word[2], word_end[2]);
    m->reply = words == 5 ? word[3] : NULL;
    m->reply_len = words == 5 ? (uint32_t)(word_end[3] - word[3]) : 0;
    m->size = number(word[words - 1], word_end[words - 1]);
    m->payload = (const uint8_t *)end + 1;
    size_t whole = (size_t)(end + 1 - line) + m->size + 2;
    if (whole > n)
        return 0;
    if (memcmp(m->payload + m->size, "\r\n", 2) != 0)
        fail("no CR LF after a payload of %u bytes", m->size);
    return whole;
}
