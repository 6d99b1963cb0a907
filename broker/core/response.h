// Replies that a client may publish only because it was asked: for each request delivered to a
// client whose permissions have allow_responses, its reply subject, for a number of messages and a
// time.
//
// What bounds it: MIDGE_RESPONSES_MAX, a table of sets of four by the hash of client and subject. A
// set that is full gives up the request that came first. A subject is a text of its own pool.

#ifndef CORE_RESPONSE_H
#define CORE_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

struct midge;
struct conn;

#define RESPONSE_WAYS 4

struct response {
    uint32_t asked_ms;  // when the request came
    int32_t sent;
    index_t subject;  // 0: free
    uint16_t conn;
};

#if MIDGE_RESPONSES_MAX > 0

// A request with this reply subject was delivered to a client.
void response_expect(struct midge *m, struct conn *c, const uint8_t *reply, uint32_t n);

// Whether a client may publish to the subject as a reply, which counts as one.
bool response_take(struct midge *m, const struct conn *c, const uint8_t *subject, uint32_t n);

// Forgets what a client was asked.
void response_forget(struct midge *m, struct conn *c);

#endif

#endif
