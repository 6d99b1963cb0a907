// What `trace` logs of the wire: each command, message and error, in nats-server's form. Callers
// ask `tracing` first where that saves work. A line that does not fit a log line is cut.

#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <stdint.h>

#include "broker/limits.h"

struct midge;
struct conn;
struct publication;

// A command that came in: `<<- [SUB foo 1]`. Secrets of a CONNECT are left out.
void trace_in(struct midge *m, const struct conn *c, const char *verb, const uint8_t *args,
              uint32_t n);

// A line that goes out: `->> [PONG]`.
void trace_out(struct midge *m, const struct conn *c, const char *verb, const void *text,
               uint32_t n);

// A message that goes out to one subscription, and its payload.
void trace_delivery(struct midge *m, const struct conn *c, index_t sub, const struct publication *p,
                    index_t chain, uint32_t offset);

// The payload of a message that came in.
void trace_payload(struct midge *m, const struct conn *c, const struct publication *p);

// The end of a subscription: `<-> [DELSUB 1]`.
void trace_unsubscribe(struct midge *m, const struct conn *c, index_t sub);

#endif
