// Documents written piece by piece, from tables of their fields.
//
// A document is a table of `struct field`. The cursor (struct monitor_state) stands at a row of it
// and, within a list, at an element; so writing can stop before any field and within any text, and
// go on when there is room again. No more than about a block is built at a time; what exceeds that
// goes out in chunks where the connection is to be used again.
//
// What a row shows is read when it is written. An element that vanishes meanwhile is shown to its
// end, with zeros at worst: the document stays well formed.

#ifndef OPS_DOCUMENT_H
#define OPS_DOCUMENT_H

#include "broker/broker.h"
#include "broker/core/facts.h"
#include "broker/core/format.h"
#include "broker/core/http.h"

// Where a field's value lies: what `at` is an offset into.
enum base {
    BASE_NONE,
    BASE_ANSWER,
    BASE_STATE,
    BASE_MIDGE,
    BASE_TABLE,  // struct midge, for what it tells of subscriptions
    BASE_CONFIG,
    BASE_FACTS,
    BASE_SUB,
    BASE_POOL,
    BASE_COUNT
};

enum type {
    // Structure. A list or a map goes up to its NEXT; `at` is what it lists, 0 for nothing.
    OBJECT,
    END,
    LIST,
    MAP,
    NEXT,
    // Numbers. A zero is shown unless the field is OMIT.
    CONSTANT,  // `at` itself
    U8,
    U16,
    U32,
    U64,
    NANOS,    // U32 milliseconds, in nanoseconds
    SECONDS,  // U32 milliseconds, in seconds
    PERCENT,  // U32 thousandths
    TRUTH,    // bool
    SPECIAL,  // what content.c makes of `at`
    // Text that needs no escape.
    AGE,     // U64 microseconds since then, in whole seconds
    ROUND,   // U32 microseconds of a duration
    MOMENT,  // U64 microseconds of the monotonic clock
    WALL,    // U64 microseconds since 1970
    // Text.
    LITERAL,     // stands behind the name and its NUL
    CHARACTERS,  // an array
    POINTER,     // to characters
    SETTING,     // midge_text
    INTERNED,    // index_t
    WORDS,       // what content.c makes of `at`
};

enum { OMIT = 0x80 };  // with a type: left out where it is zero or empty

struct field {
    const char *name;  // NULL: an element of a list; that of a map is named by its list
    uint16_t at;
    uint8_t type;
    uint8_t base;
};

enum style {
    STYLE_JSON,   // indented
    STYLE_PLAIN,  // texts alone, as they are
};

// One answer, while one turn works on it.
struct answer {
    struct midge *m;
    struct conn *c;
    const struct field *fields;
    enum style style;
    const char *request;  // as http_parse left it
    uint32_t request_bytes;
    const void *bases[BASE_COUNT];  // NULL: every field is zero, or empty
    struct format out;              // what was written, while it waits to be sent
    // What some fields show.
    const char *name;  // of the element of a map
    struct facts facts;
    struct midge_address address;
    uint64_t now_us, offset, limit;
    bool auth_required;
};

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

static inline const char *answer_parameter(const struct answer *a, const char *name) {
    return http_parameter(a->request, a->request_bytes, name);
}

// ---- What the writer asks, answered by content.c ------------------------------------------------

// Moves list `what` to its next element, which is the first one where it was at none; or, where
// `stay`, only makes the present one ready to be shown again.
enum progress content_next(struct answer *a, uint32_t what, bool stay);

// Points at the text of WORDS `what` and answers its length.
uint32_t content_words(struct answer *a, uint32_t what, const uint8_t **bytes);

// Writes the number of SPECIAL `what`.
void content_special(struct answer *a, uint32_t what, struct format *f);

#endif
