// Entropy for a chip that has no source of its own: a seed that was written into its flash where it
// was made (make config), stretched by ChaCha20 with fast key erasure. Without one, entropy is what
// an emulator or a debugger lends, and else there is none.
//
// The first two sectors of flash are a log of records. Each boot takes the newest record's key,
// appends a record with a key derived from it, and only then draws from another derived key: so no
// output comes twice, wherever power is cut. A sector is erased once all of it is full: with 1 KB
// and 10,000 erasures, flash lasts for 320,000 boots.
//
// Who reads the flash knows what comes. Who reads the RAM knows that too, but not what came before.
//
// A record, in little-endian order; it is valid if its check is right:
//
//      0  32  key
//     32   4  number; the newest record is that whose number is ahead, modulo 2^32
//     36  12  zeros
//     48  16  check: the first bytes of the key's ChaCha20 block with the number as its counter

#include <string.h>

#include "hal/chacha20.h"
#include "hal/hal.h"
#include "hal/semihost.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are copied as they lie");

#define RECORD_BYTES 64

struct record {
    uint32_t key[CHACHA20_KEY_WORDS];
    uint32_t number;
    uint32_t zeros[3];
    uint32_t check[4];
};

_Static_assert(sizeof(struct record) == RECORD_BYTES, "a record fills whole units of programming");

// What a key's blocks are for: the nonce.
static const uint32_t to_check[3] = {0}, to_boot[3] = {1}, to_draw[3] = {2};

static enum { UNKNOWN, ABSENT, PRESENT } seed;
static uint32_t key[CHACHA20_KEY_WORDS];

static bool is_valid(const struct record *r) {
    uint32_t block[CHACHA20_BLOCK_WORDS];
    chacha20_block(r->key, r->number, to_check, block);
    bool valid = memcmp(r->check, block, sizeof r->check) == 0;
    hal_wipe(block, sizeof block);
    return valid;
}

static bool is_erased(uint32_t at) {
    uint32_t words[RECORD_BYTES / 4];
    bool erased = hal_flash_done(hal_flash_read(at, words, sizeof words));
    for (uint32_t i = 0; i < RECORD_BYTES / 4; i++)
        erased = erased && words[i] == UINT32_MAX;
    return erased;
}

// Finds the newest record, and where it lies. False where there is none.
static bool find(struct record *newest, uint32_t *place) {
    struct record r;
    bool found = false;
    for (uint32_t at = 0; at < 2 * hal_flash().sector_bytes; at += RECORD_BYTES) {
        if (!hal_flash_done(hal_flash_read(at, &r, sizeof r)) || !is_valid(&r) ||
            (found && (int32_t)(r.number - newest->number) < 0))
            continue;
        found = true;
        *newest = r;
        *place = at;
    }
    hal_wipe(&r, sizeof r);
    return found;
}

// Appends a record behind the newest, where that is known.
static bool append(struct record *r, uint32_t number, bool found, uint32_t place) {
    uint32_t block[CHACHA20_BLOCK_WORDS];
    uint32_t sector_bytes = hal_flash().sector_bytes;
    uint32_t at = found ? place : 2 * sector_bytes - RECORD_BYTES;
    r->number = number;
    memset(r->zeros, 0, sizeof r->zeros);
    chacha20_block(r->key, number, to_check, block);
    memcpy(r->check, block, sizeof r->check);
    hal_wipe(block, sizeof block);
    do {
        at += RECORD_BYTES;
    } while (at % sector_bytes != 0 && !is_erased(at));
    if (at % sector_bytes == 0) {
        at %= 2 * sector_bytes;
        if (!hal_flash_done(hal_flash_erase(at)))
            return false;
    }
    return hal_flash_done(hal_flash_program(at, r, sizeof *r)) && hal_flash_done(hal_flash_sync());
}

// Takes the seed, and leaves another for the next boot.
static bool take(void) {
    uint32_t block[CHACHA20_BLOCK_WORDS];
    struct record r;
    uint32_t place;
    if (!find(&r, &place))
        return false;
    chacha20_block(r.key, 0, to_boot, block);
    memcpy(r.key, block, sizeof r.key);
    memcpy(key, block + CHACHA20_KEY_WORDS, sizeof key);
    bool taken = append(&r, r.number + 1, true, place);
    hal_wipe(block, sizeof block);
    hal_wipe(&r, sizeof r);
    return taken;
}

bool hal_entropy(void *to, uint32_t n) {
    uint32_t block[CHACHA20_BLOCK_WORDS];
    if (seed == UNKNOWN)
        seed = take() ? PRESENT : ABSENT;
    if (seed == ABSENT)
        return semihost_entropy(to, n);
    for (uint32_t at = 0; at < n; at += sizeof key) {
        chacha20_block(key, 0, to_draw, block);
        memcpy(key, block, sizeof key);
        memcpy((uint8_t *)to + at, block + CHACHA20_KEY_WORDS,
               n - at < sizeof key ? n - at : sizeof key);
    }
    hal_wipe(block, sizeof block);
    return true;
}

bool hal_entropy_seed(const uint8_t bytes[HAL_SEED_BYTES]) {
    struct record newest, r;
    uint32_t place;
    bool found = find(&newest, &place);
    _Static_assert(sizeof r.key == HAL_SEED_BYTES, "the seed is a key");
    memcpy(r.key, bytes, sizeof r.key);
    seed = UNKNOWN;
    bool written = append(&r, found ? newest.number + 1 : 0, found, found ? place : 0);
    hal_wipe(&r, sizeof r);
    hal_wipe(&newest, sizeof newest);
    return written;
}
