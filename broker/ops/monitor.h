// Connections of the monitoring port: each brings HTTP requests, one after another, and is
// answered.
//
// The request's target lies in one block of the connection's share, and the answer is written a
// block at a time while the peer takes it; between requests a connection holds no block. All is
// bounded in time: a peer that neither completes a request within MONITOR_IDLE_MS nor takes
// anything of its answer for so long is closed.

#ifndef OPS_MONITOR_H
#define OPS_MONITOR_H

#include <stdint.h>

struct midge;
struct conn;

#define MONITOR_IDLE_MS 10000

void monitor_greet(struct midge *m, struct conn *c);
uint32_t monitor_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n);
void monitor_tick(struct midge *m, struct conn *c);
void monitor_drained(struct midge *m, struct conn *c);

#endif
