// How a client comes in: its CONNECT, and who comes in without one.

#ifndef CORE_CONNECT_H
#define CORE_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

struct midge;
struct conn;

// Carries out a CONNECT: takes its members, has the client admitted or refused.
void connect_command(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n);

// A first verb other than CONNECT: whether it may pass. Where not, the connection is closing.
bool connect_unasked(struct midge *m, struct conn *c);

// Refuses a client: -ERR 'Authorization Violation', and the connection ends.
void connect_refuse(struct midge *m, struct conn *c);

#endif
