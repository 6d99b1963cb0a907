// The flash of a chip of the simulator's (sim/flash.h), the only one of a program of tests.

#ifndef UNIT_FLASH_H
#define UNIT_FLASH_H

#include "sim/flash.c"

#define FLASH_SECTOR 1024

static struct flash flash = {.geometry = {16384, FLASH_SECTOR, 4}};

static inline void flash_new(void) {
    uint32_t looks = flash.looks;
    flash_make(&flash, flash.geometry, flash.dice.state + 1);
    flash.looks = looks;
    flash_select(&flash);
}

// Power comes on. Answers whether it was cut.
static inline bool flash_on(void) {
    bool was_off = flash.off;
    flash_power(&flash);
    return was_off;
}

#endif
