// Numbers, times and durations as a configuration writes them.

#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/conf/word.h"

// Of 63 bits, or of 31 where a chip's memory is all that there is to count.
#if MIDGE_CONFIG_HUB
typedef int64_t number_t;
#define NUMBER_MAX INT64_MAX
#else
typedef int32_t number_t;
#define NUMBER_MAX INT32_MAX
#endif

// An integer with the suffix k, m, g, t, p or e (times 1,000) or that and b, i or ib (times 1,024).
// False where it does not fit, or the suffix is another.
bool integer_read(struct word text, number_t *value);

// Decimal digits alone, with a sign. False where there are none, or something else, or too many.
bool decimal_read(struct word text, number_t *value);

// Seconds in milliseconds, at most a little more than half of NUMBER_MAX.
number_t seconds_ms(number_t seconds);

// Whether a time that has the form 2006-01-02T15:04:05Z exists.
bool datetime_valid(struct word text);

// A duration in Go's form, such as 1m30s or 1.5h, in nanoseconds, or where numbers have 31 bits in
// milliseconds, without finer units. A bare number is one of seconds, if that is allowed. Answers
// NULL, or the reason why not, as a format that takes the words that it has set: the unit, then the
// text; or the text alone.
const char *duration_read(struct word text, bool seconds, number_t *time, struct word words[2]);

#endif
