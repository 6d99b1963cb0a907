// What the log must say. Each line about a client is compared with what the client and the world
// know: who it is, what went over its cable in either direction, in order, and why it ended. Where
// lines were dropped for want of room, only those that are there are looked at.

#ifndef SIM_CHRONICLE_H
#define SIM_CHRONICLE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

// Lines of one sort that were logged before the world knew of them, or the other way round.
#define TOLD_MAX 48
struct told_lines {
    uint16_t first, count;
    bool logged;
    struct told_line {
        bool cut;
        uint8_t n;
        char text[MIDGE_LOG_LINE_BYTES];
    } line[TOLD_MAX];
};

enum {
    TOLD_IN,
    TOLD_OUT,
    TOLD_IN_PAYLOAD,
    TOLD_OUT_PAYLOAD,
    TOLD_GONE,
    TOLD_SLOW,
    TOLD_LIFE,
    TOLD_SORTS
};

// The chronicle of one cable.
struct chronicle {
    bool read, traced, debugged;  // since it began, and without a gap
    bool sure;                    // all that was heard was also looked at
    bool refused;                 // something was said that it ends by
    uint64_t cid;
    uint64_t heard;  // bytes of its client that orders have accounted for
    struct told_lines lines[TOLD_SORTS];
};

struct world;
struct site;
struct cable;

// A cable's connection was opened.
void chronicle_open(struct world *w, const struct site *s, struct cable *c);

// A site begins anew: it knows nobody.
void chronicle_restart(struct world *w, const struct site *s);

// A command was taken, which ends at `end` of what its client wrote.
void chronicle_hear(struct world *w, struct cable *c, uint64_t end);

// A line came to the client, without its end: the first so many words are the message's, or all.
void chronicle_say(struct world *w, struct cable *c, const char *line, uint32_t n);

// And this was the payload of a message.
void chronicle_show(struct world *w, struct cable *c, const void *payload, uint32_t n);

// A subscription has ended, since its client asked for it.
void chronicle_strike(struct world *w, struct cable *c, const char *sid, uint32_t n);

// The connection is about to be closed for that reason.
void chronicle_close(struct world *w, struct cable *c, uint32_t reason);

// The site's log was read to its end: what has happened is in it.
void chronicle_check(struct world *w, const struct site *s);

// The site's log has a line.
void chronicle_read(struct world *w, struct site *s, uint32_t level, const char *line, uint32_t n);

#endif
