// Who reads the monitoring pages: it asks for one after another, in every form that HTTP has for
// that and in some that it has not, and knows what must come of it: the status, the head, how the
// connection goes on, and of each page what it says.

#ifndef SIM_SCRAPER_H
#define SIM_SCRAPER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/inspector.h"
#include "sim/moment.h"

#define ANSWER_LINE_MAX 256
#define BODY_MAX 131072

// Where the reading of an answer stands.
struct answer {
    uint8_t phase;
    bool head_only, json, html, plain, chunked, told, close;  // told: its length
    bool crowded;                                             // the broker may want its connection
    bool unsettled;   // health has changed since it was asked for
    uint16_t status;  // as it must be
    bool last;        // the connection must end with it
    struct question question;
    struct moment begun;  // when the request was complete
    char complaint[160];  // of a refusal
    uint32_t left;        // bytes of the body or of a chunk
    uint32_t body_bytes;
    uint32_t line_bytes;
    char line[ANSWER_LINE_MAX];
};

struct world;
struct site;
struct actor;
struct cable;

void scraper_act(struct world *w, struct actor *a, struct cable *c);

// A site is about to take input of its cable; has written bytes into it; and ends it.
void scraper_asks(struct world *w, const struct site *s, struct cable *c);
void scraper_hears(struct world *w, const struct site *s, struct cable *c, const uint8_t *bytes,
                   uint32_t n);
// Whether the broker has a whole request of it, and has answered nothing.
bool scraper_waits(const struct world *w, const struct cable *c);

void scraper_closes(struct world *w, const struct site *s, struct cable *c);

// The connection has ended: no answer may be cut short by that.
void scraper_ended(struct world *w, struct actor *a, struct cable *c);

#endif
