// Runs the worlds of seeds to a verdict: `vopr SEED [COUNT [EVENTS]]`. One line for each; the first
// that fails says so, with its last events, and ends the run.

#include <stdio.h>
#include <stdlib.h>

#include "sim/world.h"

static struct world world;

_Noreturn void midge_panic(const char *file, int line) {
    static char what[256];
    snprintf(what, sizeof what, "%s:%d: assertion failed", file, line);
    world_fail(&world, what);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 0) : 100000;
    setvbuf(stdout, NULL, _IOLBF, 0);  // who ends it sees which world it was in
    for (; count > 0; count--, seed++) {
        world_begin(&world, seed);
        while (world.events < events && world_step(&world))
            ;
        world_settle(&world);
        printf("seed %llu: sound after %llu events, %llu messages, %.1f h, hash %016llx\n",
               (unsigned long long)seed, (unsigned long long)world.events,
               (unsigned long long)world.delivered, (double)world.site_us / 3.6e9,
               (unsigned long long)world.hash);
    }
    return 0;
}
