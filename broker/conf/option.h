// The options: one table for the configuration file, the command line, their defaults and bounds,
// and what a reload may change. Whoever adds an option adds a row, and for a number its bounds.

#ifndef CONF_OPTION_H
#define CONF_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/auth/bcrypt.h"
#include "broker/broker.h"
#include "broker/conf/reader.h"

enum option_kind {
    OPTION_SWITCH,    // bool
    OPTION_COUNT,     // uint32_t; 0 stands for the standard
    OPTION_BYTES,     // the same; nats-server refuses what exceeds 31 bits
    OPTION_PAYLOAD,   // the same; less than 0 is no limit
    OPTION_LIMIT,     // uint32_t, where 0 or less lets none at all through
    OPTION_TOKENS,    // uint32_t, 1..255
    OPTION_PORT,      // int32_t
    OPTION_TEXT,      // midge_text
    OPTION_NAME,      // the same, without blanks
    OPTION_PASSWORD,  // the same, but no bcrypt hash
    OPTION_SECONDS,   // uint32_t, ms; a bare integer counts seconds and is warned of
    OPTION_TIMEOUT,   // the same; a bare number counts seconds
    OPTION_LISTEN,    // midge_text host, and an int32_t port behind it
    OPTION_AUTHORIZATION,
    OPTION_USERS,
    OPTION_PERMISSIONS,  // uint32_t, 1 + index
    OPTION_PUBLISH,      // two struct midge_list, what is allowed and what is denied
    OPTION_SUBSCRIBE,    // the same, of subjects with queues
    OPTION_SUBJECTS,     // struct midge_list
    OPTION_QUEUES,       // the same, of subjects with queues
#if MIDGE_RESPONSES_MAX > 0
    OPTION_RESPONSES,  // int32_t, and the uint32_t ms behind it
    OPTION_REPLIES,    // int32_t; 0 stands for the standard, less for no limit
    OPTION_EXPIRES,    // uint32_t, ms, likewise
#endif
#if MIDGE_NKEYS
    OPTION_NKEY,   // midge_text, a public key of a user
    OPTION_KINDS,  // uint8_t, of connections
#endif

    // Of a hub only.
    OPTION_DURATION,  // uint32_t, ms
    OPTION_SIZE,      // uint64_t
    OPTION_TAGS,
    OPTION_WRITE_TIMEOUT,  // a policy of which this build has one
    OPTION_UNBUILT,        // of a feature that is missing: refused, unless it asks for nothing
    OPTION_IGNORED,        // changes nothing that anyone could notice

    // Of TLS only.
    OPTION_TLS,
    OPTION_VERIFY_AND_MAP,
    OPTION_CIPHERS,
    OPTION_CURVES,
    OPTION_VERSION,
    OPTION_PINS,
    OPTION_PAIRS,  // certs of TLS
    OPTION_FIRST,
    OPTION_REFUSED,  // what will never be built, unless it asks for nothing

#if MIDGE_CLOCK
    OPTION_CLOCK,  // bool: the word `build`
#endif
};

// The map in which it stands. The first three fill the configuration, the others a part of it.
enum option_place {
    PLACE_TOP,
    PLACE_AUTHORIZATION,
    PLACE_TLS,
    PLACE_USER,
    PLACE_PERMISSIONS,
    PLACE_RESPONSES,
    PLACE_PUBLISH,
    PLACE_SUBSCRIBE
};

// What a reload does with it.
enum option_reload {
    RELOAD_NOTHING,  // it is not compared
    RELOAD_REFUSED,  // it cannot change
    RELOAD_SHOWN,    // a new value is logged
    RELOAD_NAMED,    // that it is new is logged
    RELOAD_ALWAYS,   // the same, each time
};

// Of a number, which lies there in the configuration; durations in ms.
struct bounds {
    uint16_t at, least;
    uint32_t most, standard;
};

struct option {
    uint16_t at;  // offset in what its place fills
    uint8_t kind;
    uint8_t place;
    const char *names;  // with aliases behind `|`
#if MIDGE_CONFIG_HUB
    uint8_t reload;
    const char *flags;  // on the command line, or NULL
    const char *label;  // what a reload logs, unless that is `Reloaded: ` and the first name; if it
                        // cannot change, its name in nats-server's struct Options
    const char *nothing;  // what of an unbuilt feature asks for nothing, besides `false`: scalars,
                          // `*` for any text, `{}` for an empty map, `{off}` for one with `enabled`
                          // (or `enable`) false
#endif
};

extern const struct option options[];
extern const uint32_t options_count;

// The size of its member, 0 where it has none of a simple type.
static inline uint32_t option_bytes(const struct option *o) {
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        return sizeof(bool);
    case OPTION_SIZE:
        return sizeof(uint64_t);
    case OPTION_LISTEN:
    case OPTION_TAGS:
    case OPTION_AUTHORIZATION:
    case OPTION_USERS:
    case OPTION_PUBLISH:
    case OPTION_SUBSCRIBE:
    case OPTION_SUBJECTS:
    case OPTION_QUEUES:
#if MIDGE_RESPONSES_MAX > 0
    case OPTION_RESPONSES:
#endif
#if MIDGE_NKEYS
    case OPTION_KINDS:
#endif
    case OPTION_WRITE_TIMEOUT:
    case OPTION_UNBUILT:
    case OPTION_IGNORED:
    case OPTION_TLS:
    case OPTION_CIPHERS:
    case OPTION_CURVES:
    case OPTION_VERSION:
    case OPTION_PINS:
    case OPTION_FIRST:
    case OPTION_REFUSED:
        return 0;
    case OPTION_VERIFY_AND_MAP:
#if MIDGE_CLOCK
    case OPTION_CLOCK:
#endif
        return sizeof(bool);
    default:
        return sizeof(uint32_t);
    }
}

// The member of `into` that an option fills.
static inline void *option_member(const struct option *o, void *into) {
    return (char *)into + o->at;
}

// The bounds of an option that is a number.
const struct bounds *option_bounds(const struct option *o);

// Sets one. A number is brought within its bounds, and the answer is whether it was above the most;
// a port is taken as it was written, and may turn out not to be one.
void option_set_switch(const struct option *o, void *into, bool value);
bool option_set_number(const struct option *o, void *into, number_t value);
void option_set_port(int32_t *to, number_t value);

// Whether this build compares passwords with a bcrypt hash of such a cost. Nobody meets the costs
// above 31, which no password has.
static inline bool option_hashes(const char *hash) {
    return MIDGE_BCRYPT_COST_MAX == 31 || bcrypt_cost(hash) <= MIDGE_BCRYPT_COST_MAX;
}

// Sets every option of the configuration to its standard.
void options_reset(struct midge_config *config);

// Reads the pairs of the map that was opened last, or of the top level, into what the place fills.
// *e takes each of them, and is the last one in the end, if there was any.
void options_read(struct reader *r, enum option_place place, void *into, struct entry *e);

#endif
