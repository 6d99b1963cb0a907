// The parameters of a monitoring request, checked as nats-server checks them and refused in its
// words. Without MIDGE_MONITOR_HUB there is no check, and what is malformed counts as not there.

#ifndef OPS_PARAMETER_H
#define OPS_PARAMETER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

struct format;

enum parameter_type {
    PARAMETER_SWITCH,  // a boolean, which sets the flag
    PARAMETER_INT,
    PARAMETER_SUBS,  // a boolean, or "detail"
    PARAMETER_UINT64,
    PARAMETER_STATE,  // of connections
};

struct parameter {
    const char *name;  // NULL ends a table
    uint8_t type;
    uint8_t flag;
};

// What the switches ask for.
enum {
    SHOW_OPEN = 1,
    SHOW_CLOSED = 2,
    SHOW_SUBS = 4,
    SHOW_DETAIL = 8,
    SHOW_AUTH = 16,
    SHOW_UNUSED = 32,
};

// Checks one parameter's value, "" being that of an absent one, and sets the flags that follow from
// it. False with what nats-server answers in `complaint`.
bool parameter_check(const struct parameter *parameter, const char *value, uint8_t *flags,
                     struct format *complaint);

// A boolean, as Go's strconv.ParseBool has it: 1 or 0, or -1 for neither. Without MIDGE_MONITOR_HUB
// what begins with `1` or `t` is 1, all else 0.
int parameter_switch(const char *text);

// A number that is asked for.
#if MIDGE_MONITOR_HUB
typedef uint64_t number_t;
#else
typedef uint32_t number_t;
#endif

// Parses a decimal number; one with a sign has a bit less, and where it is below 0 the answer is 0.
// Answers NULL, or what is wrong with it.
const char *parameter_number(const char *text, bool with_sign, number_t *number);

#endif
