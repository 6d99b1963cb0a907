// What a NATS client may ask, and what it is told: CONNECT, SUB, UNSUB, PUB, PING, and INFO, +OK,
// -ERR, PING, with nats-server's texts and its choice between closing and going on.

#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/deliver.h"
#include "broker/core/parser.h"

struct midge;
struct conn;

// A client's first INFO, and its timers.
void client_greet(struct midge *m, struct conn *c);

// Tells a client that it is one too many, and ends the connection.
void client_turn_away(struct midge *m, struct conn *c);

// Carries out a command that has no payload. `args` are its arguments, blanks around them included.
void client_command(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                    uint32_t n);

// Takes the arguments of PUB or HPUB apart, and answers whether the payload is welcome; where it is
// not, the connection is closing.
bool client_announce(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                     uint32_t n, struct publication *p);

// Publishes to what the subject matches, as far as that was found already. False where it must be
// tried again later; nothing was done then.
bool client_publish(struct midge *m, struct conn *c, struct publication *p, struct matched found);

// A pedantic client is told of a subject that is not literal.
void client_check_subject(struct midge *m, struct conn *c, const struct publication *p);

// A first verb other than CONNECT: whether it may pass. Where not, the connection is closing.
bool client_may_speak(struct midge *m, struct conn *c);

// Refuses a client: -ERR 'Authorization Violation', and the connection ends.
void client_refuse(struct midge *m, struct conn *c);

// Sends -ERR 'text'.
void client_error(struct midge *m, struct conn *c, const char *text);

void client_tick(struct midge *m, struct conn *c);

// After a reload that changed what c may do: ends its subscriptions that are no longer allowed.
void client_recheck(struct midge *m, struct conn *c);

// Sends INFO to those who take it unasked.
void client_inform_all(struct midge *m);

#endif
