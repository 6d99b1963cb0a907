// Documents written piece by piece, from tables of their rows.
//
// A document is a table of `struct row`, and a text with a name for each. The cursor (struct
// monitor_state) stands at a row, and within a list at an element; so writing can stop before any
// row and within any text, and go on when there is room again. No more than about a block is built
// at a time; what exceeds that goes out in chunks where the connection is to be used again.
//
// What a row shows is read when it is written. An element that vanishes meanwhile is shown to its
// end, with zeros at worst: the document stays well formed.

#ifndef OPS_DOCUMENT_H
#define OPS_DOCUMENT_H

#include "broker/broker.h"
#include "broker/core/facts.h"
#include "broker/core/format.h"
#include "broker/core/http.h"
#include "broker/ops/parameter.h"

// Where a row's value lies: what `at` is an offset into.
enum base {
    BASE_CONSTANTS,
    BASE_ANSWER,
    BASE_STATE,
    BASE_MIDGE,
    BASE_TABLE,  // struct midge, for what it tells of subscriptions
    BASE_CONFIG,
    BASE_FACTS,
    BASE_SUB,
    BASE_COUNT
};

enum type {
    // Structure. A list or a map goes up to its NEXT; `at` is what it lists, 0 for nothing.
    OBJECT,
    END,
    LIST,
    MAP,
    NEXT,
    // Text.
    CHARACTERS,  // an array
    INTERNED,    // index_t
    SETTING,     // midge_text
    WORDS,       // what content.c makes of `at`
    // Numbers. A zero is shown unless the row is OMIT.
    PLAIN,
    TRUTH,
    NANOS,    // milliseconds, in nanoseconds
    AGE,      // microseconds since then, in whole seconds
    ROUND,    // microseconds of a duration
    SECONDS,  // milliseconds, in seconds
    PERCENT,  // thousandths
    MOMENT,   // microseconds of the monotonic clock
    WALL,     // microseconds since 1970
    COUNTED,  // what content.c counts for `at`
    RATIO,    // the same, in millionths
};

enum {
    BASE_MASK = 7,
    OMIT = 8,  // left out where it is zero or empty
};

struct row {
    uint8_t type;
    uint8_t base;  // with OMIT, and with 16 times the bytes of a number
    uint16_t at;
};

struct document {
    const struct row *rows;
    const char *names;  // one for each row; an element of a list has none, that of a map its own
};

// One answer, while one turn works on it.
struct answer {
    struct midge *m;
    struct conn *c;
    struct monitor_state *s;  // of the connection
    struct document document;
    struct format out;    // what was written, while it waits to be sent
    const char *request;  // as http_parse left it
    uint32_t request_bytes;
    bool plain;                     // texts alone, as they are, in place of JSON
    const void *bases[BASE_COUNT];  // NULL: every number is zero
    // What some rows show.
    const char *name;  // of the element of a map
    struct told told;
    struct midge_pool pool;
    struct midge_address address;
    number_t offset, limit;
    uint64_t requests, owner, now_us;
    index_t login;
    bool auth_required, tls_required;
#if MIDGE_HTTPS
    uint16_t http_port, https_port;  // one of them is 0
#endif
};

static inline bool answer_is_plain(const struct answer *a) {
    return MIDGE_MONITOR_HUB && a->plain;
}

enum progress {
    PROGRESS_DONE,   // done; there may be more
    PROGRESS_END,    // there is no more
    PROGRESS_LATER,  // enough for this turn
};

// Writes on, until about a block waits to be sent or the turn's work is spent; leaves room for
// `reserved` bytes that go before it. PROGRESS_DONE: call it again once there is room;
// PROGRESS_END: the document is complete.
enum progress document_write(struct answer *a, uint32_t reserved);

// Sends what was written, as a chunk where that is wanted; `end` adds the last one.
void document_send(struct answer *a, bool chunked, bool end);

// Spends work of this turn, in rows written or elements looked at; false where all of it is spent.
bool document_work(struct midge *m, uint32_t steps);

// The value of a parameter of the request, "" for none.
const char *answer_parameter(const struct answer *a, const char *name);

// ---- What the writer asks, answered by content.c ------------------------------------------------

// Moves list `what` to its next element, which is the first one where it was at none; or, where
// `stay`, only makes the present one ready to be shown again.
enum progress content_next(struct answer *a, uint32_t what, bool stay);

// Writes the text of WORDS `what` to midge's line, as far as there is room, and answers its length.
uint32_t content_words(const struct answer *a, uint32_t what);

// The number of COUNTED or RATIO `what`.
uint64_t content_count(struct answer *a, uint32_t what);

#endif
