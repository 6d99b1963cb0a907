// Flash whose power can be cut: at the n-th operation from now, which is torn, and with it whatever
// was not synced. It follows hal/hal.h, and an operation may be pending for a while.

#ifndef UNIT_FLASH_H
#define UNIT_FLASH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hal/hal.h"

#define FLASH_BYTES 16384
#define FLASH_SECTOR 1024

static struct {
    uint8_t now[FLASH_BYTES];
    uint8_t synced[FLASH_BYTES];
    uint32_t unit;
    uint32_t pending;     // looks until an operation is done
    uint32_t busy;        // looks that are left
    uint32_t operations;  // since power came on
    uint32_t cut_at;      // the operation that power is cut in; 0: none
    uint32_t erasures;
    bool off;
} flash = {.unit = 4};

// Chance, the same in each run.
static inline uint32_t flash_chance(uint32_t below) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

static inline void flash_new(void) {
    memset(flash.now, 0xff, sizeof flash.now);
    memset(flash.synced, 0xff, sizeof flash.synced);
}

struct hal_flash hal_flash(void) {
    return (struct hal_flash){FLASH_BYTES, FLASH_SECTOR, flash.unit};
}

int32_t hal_flash_read(uint32_t at, void *to, uint32_t n) {
    if (flash.off || flash.busy > 0 || at > FLASH_BYTES || n > FLASH_BYTES - at)
        return HAL_ERR_INVALID;
    memcpy(to, flash.now + at, n);
    return 0;
}

// Power goes: what was not synced is there or not, a sector at a time, or in others a word at a
// time, of which some bits may be either.
static inline void flash_cut(void) {
    uint32_t sector = 0;
    for (uint32_t i = 0; i < FLASH_BYTES; i += 4) {
        if (i % FLASH_SECTOR == 0)
            sector = flash_chance(3);
        uint32_t old, new, which = sector < 2 ? sector : flash_chance(3);
        uint32_t mask = which < 2 ? 0 - which : flash_chance(UINT32_MAX);
        memcpy(&old, flash.synced + i, 4);
        memcpy(&new, flash.now + i, 4);
        new ^= (new ^ old) & ~mask;
        memcpy(flash.now + i, &new, 4);
    }
    memcpy(flash.synced, flash.now, sizeof flash.now);
    flash.off = true;
}

// Power comes on. Answers whether it was cut.
static inline bool flash_on(void) {
    bool was_off = flash.off;
    flash.off = false;
    flash.busy = 0;
    flash.operations = 0;
    flash.cut_at = 0;
    return was_off;
}

static inline int32_t flash_done(void) {
    if (++flash.operations == flash.cut_at)
        flash_cut();
    if (flash.off)
        return HAL_ERR_IO;
    flash.busy = flash.pending;
    return flash.busy > 0;
}

int32_t hal_flash_program(uint32_t at, const void *from, uint32_t n) {
    if (flash.off || flash.busy > 0 || at > FLASH_BYTES || n > FLASH_BYTES - at ||
        at % flash.unit != 0 || n % flash.unit != 0)
        return HAL_ERR_INVALID;
    for (uint32_t i = 0; i < n; i++) {
        if (flash.now[at + i] != 0xff)
            return HAL_ERR_DIRTY;
    }
    memcpy(flash.now + at, from, n);
    return flash_done();
}

int32_t hal_flash_erase(uint32_t at) {
    if (flash.off || flash.busy > 0 || at > FLASH_BYTES - FLASH_SECTOR || at % FLASH_SECTOR != 0)
        return HAL_ERR_INVALID;
    memset(flash.now + at, 0xff, FLASH_SECTOR);
    flash.erasures++;
    return flash_done();
}

int32_t hal_flash_sync(void) {
    if (flash.off || flash.busy > 0)
        return HAL_ERR_INVALID;
    int32_t answer = flash_done();
    if (answer >= 0)
        memcpy(flash.synced, flash.now, sizeof flash.now);
    return answer;
}

int32_t hal_flash_busy(void) {
    if (flash.busy == 0)
        return 0;
    return --flash.busy > 0;
}

#endif
