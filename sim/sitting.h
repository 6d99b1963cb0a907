// One question of an examiner in the making, and the answers that it is owed: what questions are
// made of.

#ifndef SIM_SITTING_H
#define SIM_SITTING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/dice.h"
#include "sim/exam.h"

struct world;
struct midge_config;

struct sitting {
    struct world *w;
    struct actor *a;
    struct exam *e;
    struct dice *d;
    const struct midge_config *config;
    char subject[64];  // of this examiner alone
    char sid[40];
};

// One of several ways to write something.
#define EITHER(s, ways) ((ways)[dice_below((s)->d, sizeof(ways) / sizeof((ways)[0]))])

void ask_bytes(struct exam *e, const void *bytes, uint32_t n);

void ask(struct exam *e, const char *format, ...);

uint32_t owed(const struct exam *e);

void owe(struct exam *e, const char *format, ...);

// More of the answer owed last.
void owe_more(struct exam *e, const void *bytes, uint32_t n);

void owe_ok(struct exam *e);

// The connection ends by this, and what follows is not heard.
void owe_end(struct sitting *s, int reason);

// So many letters, as part of a word.
const char *letters(struct sitting *s, uint32_t n);

void new_sid(struct sitting *s);

// Where there are users it may publish to all but answers that nobody asked for, which is not to
// what is no subject.
bool is_withheld(const struct sitting *s, const char *subject);

// A verb in some case, words behind blanks (those that are empty left out), and a line end.
void ask_line(struct sitting *s, const char *verb, const char *const words[4]);

void ask_sub(struct sitting *s, const char *subject);

void ask_unsub(struct sitting *s, uint32_t max);

// A payload of n bytes, of which a header takes so many.
const uint8_t *body_of(struct sitting *s, uint32_t header, uint32_t n);

// The present subscription gets a message; `sizes` as they were written.
void owe_message(struct sitting *s, const char *subject, const char *reply, const char *verb,
                 const char *sizes, const uint8_t *body, uint32_t n);

// The payload of a publication that the broker takes, and its line end.
void ask_body(struct sitting *s, const uint8_t *body, uint32_t n);

// A publication, which the present subscription receives `times` times.
void ask_pub(struct sitting *s, const char *subject, const char *reply, uint32_t n, uint32_t times);

void ask_hpub(struct sitting *s, const char *subject, const char *reply, uint32_t header,
              uint32_t n);

// Sizes of payloads, those at the limit too, and those that with a line end fill blocks.
uint32_t some_size(struct sitting *s);

const char *some_reply(struct sitting *s);

#endif
