// NOR flash, by the contract of hal/hal.h and no kinder than it: what breaks the rules is refused,
// an operation takes its time, a cut of power tears all that was not synced, and sectors wear out.
//
// A flash is a part of a chip, of which a world has several; the functions of hal.h are those of
// the one that was selected last. What is torn is a mixture of old and new, but reads the same each
// time, as the contract has it.

#ifndef SIM_FLASH_H
#define SIM_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#include "hal/hal.h"
#include "sim/dice.h"

#define FLASH_BYTES_MAX 16384
#define FLASH_SECTOR_MIN 512
#define FLASH_SECTORS_MAX (FLASH_BYTES_MAX / FLASH_SECTOR_MIN)

struct flash {
    struct dice dice;  // of its own, so that a board's flash disturbs nobody
    struct hal_flash geometry;
    uint32_t endurance;  // erasures that a sector stands, 0 for any number
    uint32_t looks;      // at hal_flash_busy until an operation is done; 0: it is done at once
    uint32_t cut_in;     // operations until power is cut in the midst of one, 0 for never
    uint32_t busy;       // looks that are left
    int32_t answer;      // of the operation under way, once it is done
    enum { FLASH_PROGRAM, FLASH_ERASE, FLASH_SYNC } operation;
    bool off;           // there is no power
    uint32_t failures;  // so far
    uint32_t erasures[FLASH_SECTORS_MAX];
    uint8_t now[FLASH_BYTES_MAX];   // what is read
    uint8_t kept[FLASH_BYTES_MAX];  // at the last sync
};

// An operation ends when flash_end says so.
#define FLASH_LOOKS_NEVER UINT32_MAX

// New from the factory: all is erased.
void flash_make(struct flash *f, struct hal_flash geometry, uint64_t chance);

// From now on the functions of hal.h are about this one.
void flash_select(struct flash *f);

// The operation under way is done.
void flash_end(struct flash *f);

// Power is cut, and comes back.
void flash_cut(struct flash *f);
void flash_power(struct flash *f);

#endif
