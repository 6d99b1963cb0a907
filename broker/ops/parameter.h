// The parameters of a monitoring request, checked as nats-server checks them and refused in its
// words.

#ifndef OPS_PARAMETER_H
#define OPS_PARAMETER_H

#include <stdbool.h>
#include <stdint.h>

struct format;

enum parameter_type {
    PARAMETER_SWITCH,  // a boolean, which sets the flag
    PARAMETER_SUBS,    // a boolean, or "detail"
    PARAMETER_INT,
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

// Parses a decimal number up to `most`, with a sign where that is INT64_MAX. Answers NULL, and the
// number, or 0 for one below that; or what is wrong with it.
const char *parameter_number(const char *text, uint64_t most, uint64_t *number);

#endif
