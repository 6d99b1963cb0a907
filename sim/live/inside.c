// In the image of a board: it works between turns, and in the place of what it lets fail.

#include "sim/live/inside.h"

#include <lwip/memp.h>
#include <lwip/stats.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "boards/chip/app.h"
#include "hal/parts.h"

#define SCALE 100000

static struct inside *shared(void) {
    return (struct inside *)posix_chip;
}

// ---- Pools --------------------------------------------------------------------------------------

static bool runs;  // while it starts, nobody could have taken anything

// Rolls for the next take from a pool: those of the broker come first, those of the stack then.
// Each has dice of its own, so that its n-th take fares alike whatever is taken from others.
static bool is_to_fail(uint32_t pool) {
    static struct dice dice[POOL_COUNT + MEMP_MAX];
    struct inside *in = shared();
    if (dice[pool].state == 0)
        dice[pool].state = in->chance.state ^ ((uint64_t)pool + 1) << 56;
    bool fails = dice_below(&dice[pool], SCALE) < in->failing && runs;
    in->failures += fails;
    return fails;
}

// How many takes it is until one fails.
static uint32_t failing_take(uint32_t pool) {
    uint32_t n = 1;
    while (!is_to_fail(pool) && n < SCALE)
        n++;
    return n;
}

void *__real_memp_malloc(memp_t pool);
void *__wrap_memp_malloc(memp_t pool);

// A timer comes from a pool that has one for each by construction; lwIP asserts so.
void *__wrap_memp_malloc(memp_t pool) {
    return pool != MEMP_SYS_TIMEOUT && is_to_fail(POOL_COUNT + (uint32_t)pool)
               ? NULL
               : __real_memp_malloc(pool);
}

// A pool of the broker is told ahead which take is to fail.
static void arm(struct midge *m, uint32_t pool) {
    struct pool *p = &m->pools[pool];
    if (shared()->failing == 0)
        p->fail_in = 0;
    else if (p->fail_in == 0)
        p->fail_in = failing_take(pool);
}

// Of blocks, each connection is guaranteed some, which never fail: in so many turns there are no
// others.
static void arm_blocks(struct midge *m) {
    struct pool *pool = &m->pools[POOL_blocks];
    pool->limit = (index_t)(is_to_fail(POOL_blocks) ? pool->used + m->blocks_reserved
                                                    : m->config->limits.blocks);
}

// Tells of pool i, and answers the number of the next. A pool without entries is none.
static uint32_t tell_pool(uint32_t i, const char *name, uint32_t used, uint32_t limit) {
    struct inside *in = shared();
    if (limit == 0 || i == INSIDE_POOLS_MAX)
        return i;
    strncpy(in->pools[i].name, name, sizeof in->pools[i].name - 1);
    in->pools[i].used = used;
    in->pools[i].limit = limit;
    return i + 1;
}

static void tell_pools(const struct midge *m) {
    static const char *const names[] = {
#define X(name, type, max) #name,
        MIDGE_POOLS(X)
#undef X
    };
    static const char *const stack_names[] = {
#define LWIP_MEMPOOL(name, num, size, desc) #name,
#include <lwip/priv/memp_std.h>
    };
    uint32_t told = 0;
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        told = tell_pool(told, names[i], m->pools[i].used, m->pools[i].limit);
    for (uint32_t i = 0; i < MEMP_MAX; i++)
        told = tell_pool(told, stack_names[i], memp_pools[i]->stats->used, memp_pools[i]->num);
    shared()->pools_count = told;
}

// ---- Turns --------------------------------------------------------------------------------------

void __real_app_turn(struct midge *m);
void __wrap_app_turn(struct midge *m);

void __wrap_app_turn(struct midge *m) {
    struct inside *in = shared();
    struct midge_state state;
    __real_app_turn(m);
    runs = true;
    for (uint32_t i = 0; i < POOL_blocks; i++)
        arm(m, i);
    arm_blocks(m);
    midge_state(m, &state);
    in->clients = state.clients;
    in->clients_max = m->config->max_connections;
    in->in_msgs = state.in_msgs;
    in->out_msgs = state.out_msgs;
    in->port = m->host.port;
    in->http_port = m->host.http_port;
    tell_pools(m);
}

// ---- Flash --------------------------------------------------------------------------------------

static bool is_to_tear(void) {
    return shared()->tear_in > 0 && --shared()->tear_in == 0;
}

static _Noreturn void cut_power(void) {
    shared()->torn = true;
    raise(SIGKILL);
    for (;;)
        pause();
}

bool __real_backing_program(uint32_t at, const void *from, uint32_t n);
bool __wrap_backing_program(uint32_t at, const void *from, uint32_t n);
bool __real_backing_erase(uint32_t at, uint32_t n);
bool __wrap_backing_erase(uint32_t at, uint32_t n);

// Of a torn write the first bytes are there, and of the one after them some of its bits.
bool __wrap_backing_program(uint32_t at, const void *from, uint32_t n) {
    if (n == 0 || !is_to_tear())
        return __real_backing_program(at, from, n);
    uint32_t whole = dice_below(&shared()->chance, n);
    uint8_t part = (uint8_t)(((const uint8_t *)from)[whole] | dice_roll(&shared()->chance));
    __real_backing_program(at, from, whole);
    __real_backing_program(at + whole, &part, 1);
    cut_power();
}

// Of a torn erasure any bits are set.
bool __wrap_backing_erase(uint32_t at, uint32_t n) {
    if (!is_to_tear())
        return __real_backing_erase(at, n);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t byte;
        backing_read(at + i, &byte, 1);
        byte |= (uint8_t)dice_roll(&shared()->chance);
        __real_backing_program(at + i, &byte, 1);
    }
    cut_power();
}
