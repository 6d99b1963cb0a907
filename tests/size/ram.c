// Prints what each pool of the broker takes with a board's limits, from the list that makes the
// pools.

#include <stdio.h>

#include "broker/broker.h"

static void row(const char *name, unsigned long entries, unsigned long bytes) {
    printf("%-14s %9lu x %5lu B = %11lu B\n", name, entries, bytes, entries * bytes);
}

int main(void) {
    unsigned long pools = 0;
#define X(name, type, max)                              \
    row(#name, (unsigned long)(max) + 1, sizeof(type)); \
    pools += ((unsigned long)(max) + 1) * sizeof(type);
    MIDGE_POOLS(X)
#undef X
    row("all else", 1, sizeof(struct midge) - pools);
    row("struct midge", 1, sizeof(struct midge));
    return 0;
}
