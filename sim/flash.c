#include "sim/flash.h"

#include <stddef.h>
#include <string.h>

static struct flash *selected;

void flash_make(struct flash *f, struct hal_flash geometry, uint64_t chance) {
    memset(f, 0, offsetof(struct flash, now));
    f->dice.state = chance;
    f->geometry = geometry;
    memset(f->now, 0xff, geometry.bytes);
    memset(f->kept, 0xff, geometry.bytes);
}

void flash_select(struct flash *f) {
    selected = f;
}

// ---- Power --------------------------------------------------------------------------------------

#define WORD 4

// What was done to a sector is not there, or there, or only up to a word, or in any of its words;
// and the word at which that ends, or any, has some bits of either.
enum tear { TEAR_OLD, TEAR_NEW, TEAR_AFTER, TEAR_ANYWHERE, TEARS };

// Bits of `mask` are the new ones.
static void tear_word(struct flash *f, uint32_t at, uint32_t mask) {
    for (uint32_t i = at; i < at + WORD; i++, mask >>= 8)
        f->now[i] = (uint8_t)((f->now[i] & mask) | (f->kept[i] & ~mask));
}

static void tear(struct flash *f, uint32_t from, uint32_t to) {
    struct dice *d = &f->dice;
    enum tear how = dice_below(d, TEARS);
    uint32_t end = from + dice_below(d, (to - from) / WORD) * WORD;
    for (uint32_t i = from; i < to; i += WORD) {
        bool either = how == TEAR_ANYWHERE ? dice_once_in(d, 3) : how == TEAR_AFTER && i == end;
        bool is_new = how == TEAR_NEW || (how == TEAR_AFTER && i < end) ||
                      (how == TEAR_ANYWHERE && dice_once_in(d, 2));
        tear_word(f, i, either ? dice_roll(d) : is_new ? UINT32_MAX : 0);
    }
}

static bool is_same(const struct flash *f, uint32_t at) {
    return memcmp(f->now + at, f->kept + at, WORD) == 0;
}

void flash_cut(struct flash *f) {
    uint32_t n = f->geometry.sector_bytes;
    for (uint32_t sector = 0; sector < f->geometry.bytes; sector += n) {
        uint32_t from = sector, to = sector + n;
        while (from < to && is_same(f, from))
            from += WORD;
        while (from < to && is_same(f, to - WORD))
            to -= WORD;
        if (from < to)
            tear(f, from, to);
    }
    memcpy(f->kept, f->now, f->geometry.bytes);
    f->off = true;
    f->busy = 0;
}

void flash_power(struct flash *f) {
    f->off = false;
    f->cut_in = 0;
    f->answer = 0;
}

// ---- Operations ---------------------------------------------------------------------------------

struct hal_flash hal_flash(void) {
    return selected->geometry;
}

static bool is_allowed(uint32_t at, uint32_t n, uint32_t unit) {
    uint32_t bytes = selected->geometry.bytes;
    return !selected->off && selected->busy == 0 && at <= bytes && n <= bytes - at &&
           at % unit == 0 && n % unit == 0;
}

void flash_end(struct flash *f) {
    f->busy = 0;
    if (f->operation == FLASH_SYNC)
        memcpy(f->kept, f->now, f->geometry.bytes);
}

// The answer of the operation that has ended, once.
static int32_t answer_of(struct flash *f) {
    int32_t answer = f->answer;
    f->answer = 0;
    return answer;
}

static int32_t start(uint32_t operation, int32_t answer) {
    selected->failures += answer < 0;
    if (selected->cut_in > 0 && --selected->cut_in == 0) {
        flash_cut(selected);
        return HAL_ERR_IO;
    }
    selected->operation = operation;
    selected->answer = answer;
    selected->busy = selected->looks;
    if (selected->busy > 0)
        return 1;
    flash_end(selected);
    return answer_of(selected);
}

int32_t hal_flash_read(uint32_t at, void *to, uint32_t n) {
    if (!is_allowed(at, n, 1))
        return HAL_ERR_INVALID;
    memcpy(to, selected->now + at, n);
    return 0;
}

// What is worn keeps some bits as they were, more and more often. Answers whether it does now.
static bool is_worn(uint32_t at) {
    uint32_t erasures = selected->erasures[at / selected->geometry.sector_bytes];
    uint32_t endurance = selected->endurance;
    return endurance > 0 && erasures > endurance &&
           dice_below(&selected->dice, erasures) >= endurance / 2;
}

int32_t hal_flash_program(uint32_t at, const void *from, uint32_t n) {
    if (!is_allowed(at, n, selected->geometry.program_bytes))
        return HAL_ERR_INVALID;
    for (uint32_t i = 0; i < n; i++) {
        if (selected->now[at + i] != 0xff)
            return HAL_ERR_DIRTY;
    }
    memcpy(selected->now + at, from, n);
    if (!is_worn(at))
        return start(FLASH_PROGRAM, 0);
    uint32_t stuck = at + dice_below(&selected->dice, n);
    selected->now[stuck] |= (uint8_t)(1u << dice_below(&selected->dice, 8));
    return start(FLASH_PROGRAM, memcmp(selected->now + at, from, n) == 0 ? 0 : HAL_ERR_IO);
}

int32_t hal_flash_erase(uint32_t at) {
    uint32_t n = selected->geometry.sector_bytes;
    if (!is_allowed(at, n, n))
        return HAL_ERR_INVALID;
    selected->erasures[at / n]++;
    uint32_t stuck = at + dice_below(&selected->dice, n);
    uint8_t was = selected->now[stuck];
    memset(selected->now + at, 0xff, n);
    if (!is_worn(at))
        return start(FLASH_ERASE, 0);
    selected->now[stuck] = was & (uint8_t)dice_roll(&selected->dice);
    return start(FLASH_ERASE, selected->now[stuck] == 0xff ? 0 : HAL_ERR_IO);
}

int32_t hal_flash_sync(void) {
    if (!is_allowed(0, 0, 1))
        return HAL_ERR_INVALID;
    return start(FLASH_SYNC, 0);
}

int32_t hal_flash_busy(void) {
    if (selected->busy > 0 && selected->busy != FLASH_LOOKS_NEVER && --selected->busy == 0)
        flash_end(selected);
    return selected->busy > 0 ? 1 : answer_of(selected);
}
