// Who reads the monitoring pages: it asks for one after another, with and without parameters, and
// checks that each answer is well-formed HTTP, and its JSON balanced.

#ifndef SIM_SCRAPER_H
#define SIM_SCRAPER_H

#include <stdbool.h>
#include <stdint.h>

#define ANSWER_LINE_MAX 256

// Where the reading of an answer stands.
struct answer {
    uint8_t phase;
    bool head_only, json, chunked, told;  // told: its length
    bool string, escape;                  // within one, of the JSON
    int32_t depth;                        // of its brackets
    uint32_t left;                        // bytes of the body or of a chunk
    uint32_t line_bytes;
    char line[ANSWER_LINE_MAX];
};

struct world;
struct actor;
struct cable;

void scraper_act(struct world *w, struct actor *a, struct cable *c);
void scraper_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n);

// The connection has ended: no answer may be cut short by that.
void scraper_ended(struct world *w, struct actor *a, struct cable *c);

#endif
