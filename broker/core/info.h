// INFO: what a client is told of the server, when it connects and when that changes. Which members
// there are, and when, is nats-server's choice.

#ifndef CORE_INFO_H
#define CORE_INFO_H

#include <stdbool.h>

struct midge;
struct conn;

// Sends INFO. `connected` adds what only a client that has connected is told.
void info_send(struct midge *m, struct conn *c, bool connected);

// Sends INFO to those who take it unasked.
void info_send_all(struct midge *m);

#endif
