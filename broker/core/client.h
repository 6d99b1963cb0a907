// A NATS client's connection: its greeting, its commands, its pings, and the forms in which it is
// answered, with nats-server's texts and its choice between closing and going on.

#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/format.h"
#include "broker/core/parser.h"

struct midge;
struct conn;

// A client's first INFO, and its timers, unless it has to speak TLS first.
void client_greet(struct midge *m, struct conn *c);

// The client is heard from now on: its auth timeout and its pings begin.
void client_begin(struct midge *m, struct conn *c);

// Tells a client that it is one too many, and ends the connection.
void client_turn_away(struct midge *m, struct conn *c);

// Carries out a command that has no payload. `args` are its arguments, blanks around them included.
// False where it must be given once more, after CONN_JUDGING.
bool client_command(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                    uint32_t n);

// Sends +OK to a client that is verbose.
void client_ok(struct midge *m, struct conn *c);

// Sends -ERR 'text'.
void client_error(struct midge *m, struct conn *c, const char *text);

// The same, and that was the last it hears: ends the connection.
void client_end(struct midge *m, struct conn *c, int reason, const char *text);

// Ends the connection of a client that breaks the protocol, without a word to it: the log says
// `what` it was, and quotes n bytes.
void client_breach(struct midge *m, struct conn *c, const char *what, const uint8_t *bytes,
                   uint32_t n);

// The same for a text that is composed: behind "-ERR '", which the caller writes first, in a
// scratch line that is not m->line. The end appends the closing quote, and sends.
struct format client_error_begin(struct midge *m);
void client_error_end(struct midge *m, struct conn *c, struct format *line);

// Sets the time of the first PING, by which the round trip is measured.
void client_first_ping(struct midge *m, struct conn *c);

void client_tick(struct midge *m, struct conn *c);

#endif
