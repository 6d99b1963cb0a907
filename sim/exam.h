// A client that knows the protocol to the letter: it puts one question after another to a broker,
// right, odd or wrong, at the limits and a byte beyond, and must get the answer that is due, byte
// for byte, and its connection ended where that is due, for the right reason, and not otherwise.
//
// Its subjects are nobody else's, since in its worlds no pattern of others begins with a wildcard.

#ifndef SIM_EXAM_H
#define SIM_EXAM_H

#include <stdbool.h>
#include <stdint.h>

#define EXAM_BYTES 16384
#define EXAM_ANSWERS 64
#define EXAM_SIZE_MAX 4096  // of a payload, but where it is about what may wait for a client

struct exam {
    bool verbose, echo, headers, pedantic, no_responders;
    bool greeted, introduced;
    bool lost;  // was cut off, or refused, for want of room: it leaves
    uint32_t session;
    uint32_t infos, infos_due;  // INFO lines that came; one at first, one after the first PING
    bool async;                 // it wants that one
    uint64_t published, published_bytes, received, received_bytes;
    uint8_t reason;   // why the connection must end, 0: it must not
    uint32_t answer;  // the one being read
    uint32_t answers;
    uint32_t read;                // bytes of the answers
    uint32_t aside;               // bytes of a line of the broker's own, PING or INFO
    char line[6];                 // its beginning
    uint32_t ends[EXAM_ANSWERS];  // of the answers, in `due`
    uint32_t asked;
    char question[EXAM_BYTES];
    char due[EXAM_BYTES];
};

struct world;
struct actor;
struct cable;
struct conn;

void exam_act(struct world *w, struct actor *a, struct cable *c);
void exam_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n);

// Whether the connection is to end, for that reason; it has ended.
bool exam_ends(const struct actor *a, int reason);

// What is wrong with what a connection has counted when it ends so, or NULL.
const char *exam_counts(const struct actor *a, const struct conn *conn);
void exam_ended(struct world *w, struct actor *a, struct cable *c);

// Everything was answered; else what is wrong.
const char *exam_settle(const struct actor *a);

#endif
