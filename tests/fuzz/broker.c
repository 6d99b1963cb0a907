// The simulator's world with its dice loaded: the input decides which swarm it is, what each client
// and each site does, what hostile ones send and when fate strikes; a failed check is a finding.

#include "sim/world.h"

// A world goes on by itself for a while, and no longer than it takes to see what its input makes of
// it.
#define EVENTS_MIN 400
#define EVENTS_MAX 3000
#define SEED_BYTES 2

static struct world world;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n < SEED_BYTES)
        return 0;
    world_begin(&world, (uint64_t)bytes[0] << 8 | bytes[1], bytes + SEED_BYTES,
                (uint32_t)(n - SEED_BYTES));
    while (world.events < (world.dice.left > 0 ? EVENTS_MAX : EVENTS_MIN) && world_step(&world))
        ;
    world_settle(&world);
    return 0;
}
