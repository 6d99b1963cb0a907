// A broker for tests of its parts. Each start has zeroed memory, of which only what is used is
// touched.

#ifndef UNIT_BROKER_H
#define UNIT_BROKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "broker/broker.h"

static inline bool broker_entropy(void *to, uint32_t n) {
    memset(to, 7, n);
    return true;
}

static inline struct midge *broker_start(uint32_t blocks, uint32_t block_bytes) {
    static struct midge_config config;
    static struct midge *m;
    if (m != NULL)
        munmap(m, sizeof *m);
    m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
             -1, 0);
    assert_true((void *)m != MAP_FAILED);
    midge_config_defaults(&config);
    config.entropy = broker_entropy;
    config.limits.blocks = blocks;
    config.limits.block_bytes = block_bytes;
    assert_true(midge_init(m, &config, (struct midge_now){.us = 1000, .ms = 1}));
    return m;
}

// An emulator is there for what is another on its machine, which fewer rounds show as well.
#define ROUNDS(n) (EMULATED ? (n) / 12 : (n))

// Chance, the same in each run.
static inline uint32_t chance(uint32_t below) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

#endif
