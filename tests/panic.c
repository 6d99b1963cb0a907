// What a failed MIDGE_ASSERT does in a test program: say where, and die where a debugger can
// see it.

#include <stdio.h>
#include <stdlib.h>

#include "broker/broker.h"

void midge_panic(const char *file, int line) {
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    abort();
}
