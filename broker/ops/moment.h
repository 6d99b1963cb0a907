// Moments of the monotonic clock as times of day, in UTC.

#ifndef OPS_MOMENT_H
#define OPS_MOMENT_H

#include <stdint.h>

#include "broker/core/format.h"

struct midge;

// Microseconds since 1970 of a monotonic moment, 0 while the time of day is unknown. It follows
// when the clock is set, but not where the two are merely read a little apart: a moment keeps its
// name.
uint64_t moment_wall(struct midge *m, uint64_t us);

// As RFC 3339 has it, with a fraction of up to six digits; 0 as Go writes its zero.
void moment_format(struct format *f, uint64_t wall_us);

#endif
