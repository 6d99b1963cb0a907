// A configuration that is being written, page by page and pair by pair, and what must come of it:
// its values, and what is said of what is wrong, with its place.

#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "sim/page.h"
#include "sim/settings.h"
#include "sim/words.h"

struct world;

// Keys that may be in sight at one time, and how many of them the blocks take.
#define KEYS_MAX MIDGE_CONFIG_KEYS_MAX
#define BLOCK_KEYS 12

// A configuration on its way: its pages, and what must come of them.
struct script {
    struct world *w;
    struct dice *dice;
    struct page page, part;   // and what it includes
    struct page environment;  // the value of a variable there
    struct page value;        // that is being written
    bool included;
    uint32_t in_part;  // how many pairs of the part are to come
    uint32_t keys;
    struct outcome outcome;
    struct words owed, said;  // complaints, a line each with a letter for the severity
    bool wrong;               // it must be refused
    bool fatal;               // and nothing of it read
    bool kept;                // one of the kept cases is in it, whose values are not known here
};

void script_begin(struct script *s, struct world *w);

// What reading it is to be helped with; what is said goes to `said`.
struct midge_reading script_reading(struct script *s);

// A complaint that must come, by its severity: E, W or R for a remark.
void script_owe(struct script *s, char severity, const struct spot *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// Shows it all, and ends the world.
void script_fail(const struct script *s, const char *what);

// Where the next pair goes: on the page, or for a while on one that it includes.
struct page *script_open(struct script *s);

// Writes a pair of the value that waits: there, or in a variable. Answers where its key stands.
struct spot script_pair(struct script *s, const char *names);

// A setting's value, and what is remarked of one above the maximum.
void script_number(struct script *s, const struct spot *spot, uint32_t i, int64_t value);

// Any duration, as text and in milliseconds; and something that is none, and why.
int64_t script_duration(struct script *s, char text[64]);
struct no_duration {
    const char *text, *why;
};
const struct no_duration *script_no_duration(struct script *s);

#endif
