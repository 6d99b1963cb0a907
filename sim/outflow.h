// How a client's output drains: when the stack took some of it last, and by when it must have taken
// what waits.

#ifndef SIM_OUTFLOW_H
#define SIM_OUTFLOW_H

#include <stdbool.h>
#include <stdint.h>

struct midge;
struct conn;

struct outflow {
    bool blocked;          // the stack took less than there was
    uint32_t due_bytes;    // of that, what must be gone
    uint32_t deadline_ms;  // by then
    uint32_t progress_ms;
};

void outflow_open(struct outflow *f, uint32_t ms);

// The stack took n bytes of a connection that had these flags. NULL, or what is wrong.
const char *outflow_sent(const struct midge *m, const struct conn *conn, struct outflow *f,
                         uint32_t flags, uint32_t n);

#endif
