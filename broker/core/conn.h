// A connection, of whatever kind: its output, its unfinished input, its share of blocks, its
// deadline, its wishes to the port, and what monitoring shows of it.
//
// Life: conn_open; then traffic; conn_close says why it must end and how (flush or abort); the port
// answers midge_closed, which frees all it held but its subscriptions; those are reaped over the
// next turns, and then the slot is free. From conn_close on nothing is delivered to it.

// Outside the guard: broker.h ends by including this header, and must come first.
#include "broker/broker.h"

#ifndef CORE_CONN_H
#define CORE_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/facts.h"
#include "broker/core/http.h"
#include "broker/core/outq.h"
#include "broker/core/timer.h"
#include "broker/limits.h"

struct midge;

enum {
    CONN_CLOSING = 1 << 0,      // conn_close was called
    CONN_GONE = 1 << 1,         // the port said midge_closed; only subscriptions are left
    CONN_WISHING = 1 << 2,      // in the list of wishes
    CONN_STALLED = 1 << 3,      // in the list of stalled publishers
    CONN_STALL_SPENT = 1 << 4,  // this read has waited as long as it may
    CONN_CROWDED = 1 << 5,      // its output is above the mark where publishers wait
    CONN_BLOCKED = 1 << 6,      // the stack took less than there was
    CONN_TURN = 1 << 7,         // it is its turn of those stalled; the application's always
    // What a client said in its CONNECT, or its default.
    CONN_CONNECTED = 1 << 8,
    CONN_ADMITTED = 1 << 9,  // authentication passed or is not required
    CONN_VERBOSE = 1 << 10,
    CONN_PEDANTIC = 1 << 11,
    CONN_ECHO = 1 << 12,
    CONN_HEADERS = 1 << 13,
    CONN_NO_RESPONDERS = 1 << 14,
    CONN_ASYNC_INFO = 1 << 15,     // protocol 1
    CONN_PONGED = 1 << 16,         // its first PING was answered
    CONN_STALL_CHECKED = 1 << 17,  // the message that waits was checked already
    CONN_LINE_TRACED = 1 << 18,    // its line was logged, before there was no room for its payload
    CONN_BY_NKEY = 1 << 19,        // its login is an NKey's
    CONN_JUDGING = 1 << 20,        // its CONNECT waits for its answer, and the input behind it
    CONN_DELAYED = 1 << 21,        // for its address to have waited long enough, until auth_ms
    CONN_JUDGED = 1 << 22,         // its password was hashed
    CONN_PROVEN = 1 << 23,         // and is the right one
    CONN_ANSWERS = 1 << 24,        // its permissions have allow_responses
    // Why it ended or must end, an enum midge_reason, is in the bits from here on.
    CONN_REASON = 1 << 25,
};
_Static_assert(CONN_CLOSING + CONN_GONE + CONN_WISHING + CONN_STALLED + CONN_STALL_SPENT +
                       CONN_CROWDED + CONN_BLOCKED + CONN_TURN + CONN_CONNECTED + CONN_ADMITTED +
                       CONN_VERBOSE + CONN_PEDANTIC + CONN_ECHO + CONN_HEADERS +
                       CONN_NO_RESPONDERS + CONN_ASYNC_INFO + CONN_PONGED + CONN_STALL_CHECKED +
                       CONN_LINE_TRACED + CONN_BY_NKEY + CONN_JUDGING + CONN_DELAYED + CONN_JUDGED +
                       CONN_PROVEN + CONN_ANSWERS ==
                   CONN_REASON - 1,
               "each has a bit of its own");

// Where there is TLS; of monitoring only the first, the third and what follows.
enum {
    SECURE_FRESH = 1 << 0,   // its first byte decides whether it speaks it
    SECURE_UNTOLD = 1 << 1,  // INFO is not sent before the handshake
    SECURE_BEGUN = 1 << 2,   // its bytes are the port's, for a handshake
    SECURE_QUEUED = 1 << 3,  // which waits for others
    SECURE_DONE = 1 << 4,
};

// Input that is not complete: part of a control line, or a control line and part of its payload.
struct input {
    index_t head, tail, last;  // the chain: its first block, the one being filled, its last
    index_t blocks;            // in it
    uint16_t fill;             // bytes in use of the tail
    uint8_t phase, verb;
    uint8_t prefix[8];    // of a verb, while it is not complete
    uint32_t bytes;       // stored
    uint32_t line_bytes;  // of them, the arguments, once a payload is awaited
    uint32_t need;        // bytes of arguments, payload and line end
    uint32_t since_ms;    // when the last byte of a payload came
};

// What an NKey's holder signs: characters that INFO shows.
#define NONCE_BYTES 15

struct link {
    uint16_t next, prev;
};

struct list {
    uint16_t head, tail;
};

// A MIDGE_MONITOR's request, and then where its answer stands.
struct monitor_state {
    uint8_t endpoint;  // 1 + its index, 0 while the request is not complete
    uint8_t flags;     // what is asked for
    uint8_t sort;      // of /connz
    uint8_t row;       // of the document
    uint8_t loop[2];   // rows of the lists that it is in
    uint8_t loops;
    uint8_t depth;
    uint8_t index;           // 1 + that in a short list
    bool begun : 1;          // the answer's head was sent
    bool first : 1;          // nothing precedes in this object or list
    bool head_only : 1;      // of the answer
    bool last : 1;           // the connection ends with this answer
    bool ended : 1;          // the peer has sent all that it will
    uint16_t request_bytes;  // of the path and the query, once the request is complete
    index_t request;         // the block that holds them, 0 for none
    union {
        struct {
            struct http http;
            uint32_t word;  // its last four bytes
        };
        struct {
            uint64_t key, cid;  // of the connection taken last
            uint32_t item;
            uint32_t total, count;  // entries that there are, and that will be shown
            uint32_t skip, left;
            uint32_t text;  // 1 + bytes shown of a text, 0 between texts
            index_t sub, subs_left;
            uint16_t name;  // where that of the row begins
        };
    };
};

_Static_assert(sizeof(struct monitor_state) <= sizeof(struct input) + 28,
               "it costs no connection anything");

enum {
    LIST_WISHES,
    LIST_STALLED,
#if MIDGE_BCRYPT_COST_MAX > 0
    LIST_JUDGING,
#endif
    LIST_COUNT
};

struct conn {
    uint32_t flags;
    uint16_t generation;
    uint8_t kind;    // enum midge_kind
    uint8_t wishes;  // bits 1 << enum midge_wish
    struct outq out;
    index_t blocks;        // held
    uint16_t user;         // 1 + index of its user, 0 for none
    uint16_t permissions;  // 1 + index, 0 for none
    struct timer timer;
    struct link links[LIST_COUNT];
    uint32_t stall_ms;     // when a stall ends, if stalled
    uint32_t deadline_ms;  // when bytes_due must have been sent, if blocked
    uint32_t bytes_due;
    uint32_t progress_ms;  // when the stack last took bytes
    index_t subs;          // first subscription
#if MIDGE_TLS
    uint32_t secure_ms;  // when it has to have TLS, or with SECURE_QUEUED what is left
    uint8_t tls;         // SECURE_...
#endif
    union {
        struct facts facts;
        struct {
            FACTS_MEMBERS
        };
    };
    union {
        struct {  // of a client
            struct input in;
            uint8_t pings_out;
            bool auth_due;
            uint32_t ping_ms;    // when the ping timer fires next
            uint32_t auth_ms;    // when the auth timeout fires, if auth_due, or CONN_DELAYED ends
            uint32_t ping_us;    // its low bits, not 0; 0 where none was sent
            uint32_t pinged_ms;  // when the client last sent one
            uint64_t last_ping_us;  // when the last ping was sent
#if MIDGE_NKEYS
            uint8_t nonce[NONCE_BYTES];  // that it was given to sign; zeros for none
#endif
#if MIDGE_TLS
            uint16_t certified;  // 1 + index of the user that its certificate names, 0 for none
#endif
#if MIDGE_HTTPS
            index_t shown;  // the text of what it has shown, see secure_shown; 0 for none
#endif
        };
        struct monitor_state monitor;  // of a MIDGE_MONITOR
    };
};

// A free connection, opened; 0 where there is none or its guarantee of blocks cannot be given.
uint16_t conn_open(struct midge *m, int kind, const struct midge_peer *peer);

static inline int conn_reason(const struct conn *c) {
    return (int)(c->flags / CONN_REASON);
}

// The connection of a handle that came from outside; NULL if stale or gone.
struct conn *conn_of(struct midge *m, uint32_t handle);
uint32_t conn_handle(const struct midge *m, const struct conn *c);
uint16_t conn_index(const struct midge *m, const struct conn *c);

// Sees that its timer fires at at_ms or earlier.
void conn_timer(struct midge *m, struct conn *c, uint32_t at_ms);

// Whether it is time; where not, sees that the timer fires then.
bool conn_due(struct midge *m, struct conn *c, uint32_t at_ms);

// Ends a connection for `reason`: what is queued is sent first if `flush`. Once is enough.
void conn_close(struct midge *m, struct conn *c, int reason, bool flush);

// Frees all but the subscriptions of one that conn_close was called for.
void conn_gone(struct midge *m, struct conn *c);

// Removes up to `most` subscriptions of connections that are gone; true while more are left.
bool conn_reap(struct midge *m, uint32_t most);

void conn_wish(struct midge *m, struct conn *c, int wish);

// Bytes were appended to c's output: asks the port to send, or closes as slow a client for which
// more than max_pending waits.
void conn_queued(struct midge *m, struct conn *c);

// Appends bytes that must not be lost (protocol lines); where there is no block the connection is
// closed as slow.
void conn_send(struct midge *m, struct conn *c, const void *bytes, uint32_t n);
void conn_send_text(struct midge *m, struct conn *c, const char *text);

// Closes a receiver that does not keep up, without sending what is queued, and says so in the log.
void conn_slow(struct midge *m, struct conn *c, int reason);

// What is due of closing, stalling and sending, for the kinds' ticks.
void conn_tick(struct midge *m, struct conn *c);

// The stack took n bytes.
void conn_sent(struct midge *m, struct conn *c, uint32_t n);

// Whether the stack takes c's output, or has none: then it is worth waiting for.
bool conn_progresses(const struct midge *m, const struct conn *c);

// A publisher must wait for room. Answers false where it has waited long enough for this read.
bool conn_stall(struct midge *m, struct conn *c);

// There is room again: whoever waits is resumed, one after another, the longest wait first.
void conn_resume_all(struct midge *m);

// Whether others wait, and have their turn: what they wait for is not for c to take before them,
// unless it has waited long enough.
bool conn_yields(const struct midge *m, const struct conn *c);

// c took `n` bytes of input. If it was its turn, the next one has his; who took nothing and is
// stalled again keeps his place before those who came later.
void conn_tried(struct midge *m, struct conn *c, uint32_t n);

#if MIDGE_JUDGING
// Its CONNECT is not answered yet: no input is taken until conn_judged. It is put into the list of
// those who wait for their turn, or waits until at_ms.
void conn_judge_in_turn(struct midge *m, struct conn *c);
void conn_judge_at(struct midge *m, struct conn *c, uint32_t at_ms);

// It is its turn, or it was decided: the port hands its CONNECT in once more.
void conn_judged(struct midge *m, struct conn *c);
#endif

// Closes as slow the largest holder of blocks above its share that has not moved for stall_ms, and
// lets c wait for what it held, unless that is c itself; where none stands still but others move, c
// just waits on. False where there is no such holder.
bool conn_make_room(struct midge *m, struct conn *c);

#endif
