// The network that the board is plugged into: a stack of its own at the other end of the wire, and
// host sockets that it joins to it. To the board each client is a connection from 10.0.2.2, from
// the port that the client has on the host.

#ifndef SIM_LIVE_GATEWAY_H
#define SIM_LIVE_GATEWAY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/dice.h"

#define GATEWAY_POLL_MAX 260

// Listens on two ports of 127.0.0.1, for clients and for monitoring (-1: any free one, 0: none), in
// whose place the bound ones are put. Answers NULL, or what is wrong.
const char *gateway_start(int32_t *port, int32_t *http_port);

// A frame from the board.
void gateway_take(const uint8_t *frame, uint32_t n);

// Moves what can be moved, after a look at what gateway_poll had asked for.
void gateway_turn(void);

// Fills what is to be polled, and answers how many.
uint32_t gateway_poll(struct pollfd events[GATEWAY_POLL_MAX]);

// How long nobody need come back, in ms.
uint32_t gateway_wait_ms(void);

// A client is gone, which is not told to the board: false where there is none.
bool gateway_forget(struct dice *dice);

// Tells of each client.
void gateway_list(void);

#endif
