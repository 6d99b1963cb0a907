// How a client comes in: its CONNECT, and who comes in without one.

#ifndef CORE_CONNECT_H
#define CORE_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/json.h"

struct midge;
struct conn;
struct format;

// Carries out a CONNECT: takes its members, has the client admitted or refused. False where that is
// not decided yet: then CONN_JUDGING is set, and once it is no more the same must be said again.
bool connect_command(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n);

// A first verb other than CONNECT: whether it may pass. Where not, the connection is closing.
bool connect_unasked(struct midge *m, struct conn *c);

// Whether a client's login, which monitoring shows, stands for a token that it gave.
bool connect_by_token(const struct midge *m, const struct conn *c);

// Appends who that is, as logs name it: User "name", or Token "[REDACTED]".
void connect_name(const struct midge *m, const struct conn *c, struct format *f);

// Whether the value of a member of a CONNECT must not be logged.
bool connect_secret(const struct json_piece *key);

// Refuses a client: -ERR 'Authorization Violation', and the connection ends.
void connect_refuse(struct midge *m, struct conn *c);

#endif
