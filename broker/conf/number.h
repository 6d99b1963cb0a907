// Numbers, times and durations as a configuration writes them.

#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/conf/word.h"

// An integer with the suffix k, m, g, t, p or e (times 1,000) or that and b, i or ib (times 1,024).
// False where it does not fit, or the suffix is another.
bool integer_read(struct word text, int64_t *value);

// Decimal digits alone, with a sign. False where there are none, or something else, or too many.
bool decimal_read(struct word text, int64_t *value);

// Seconds in milliseconds, at most 2^62.
int64_t seconds_ms(int64_t seconds);

// The same for a float. False where it does not fit.
bool float_ms(struct word text, int64_t *ms);

// Whether a time that has the form 2006-01-02T15:04:05Z exists.
bool datetime_valid(struct word text);

// A duration in Go's form, such as 1m30s or 1.5h, in nanoseconds. Answers NULL, or the reason why
// not, as a format that takes the words that it has set: the unit, then the text; or the text
// alone.
const char *duration_read(struct word text, int64_t *ns, struct word words[2]);

#endif
