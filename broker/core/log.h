// Log lines: composed here, kept in a ring until the board takes them with midge_log. The oldest
// are dropped for newer ones; how many is said by a line of its own. One line is composed at a
// time.

#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/format.h"
#include "broker/limits.h"

struct midge;
struct conn;
enum midge_level;

struct log {
    uint32_t head;     // offset of the oldest record
    uint32_t bytes;    // in use
    uint32_t dropped;  // records lost since the last one taken
    uint8_t level;     // of the line being composed
    struct format line;
    uint8_t text[MIDGE_LOG_LINE_BYTES];
    uint8_t ring[MIDGE_LOG_BYTES];
};

// Begins a line; log_end stores it. Without effect on anything else, so callers ask the
// configuration's debug or trace first.
struct format *log_begin(struct midge *m, int level);

// Begins a line with the connection's label: address, cid, and what its CONNECT told of it.
struct format *log_conn(struct midge *m, const struct conn *c, int level);

void log_end(struct midge *m);

// Whole lines; the second with a label, and the values of format_say.
void log_text(struct midge *m, int level, const char *text);
void log_conn_say(struct midge *m, const struct conn *c, int level, const char *sentence, ...);

// Whether the ring is so full that a verbose publisher should wait for the board to drain it.
bool log_crowded(const struct midge *m);

#endif
