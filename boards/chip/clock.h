// What this chip knows of the time, with MIDGE_CLOCK. Its wall clock (hal/hal.h) is that of an RTC,
// or of a time server that the port asks. Neither is believed where it lies behind what is known
// already, by more than clocks drift apart: so time never runs backwards, across resets either.
//
// What is known already is the floor: the time of the build or the last that was kept in flash,
// whichever is later, and what has passed since the reset. The present is never before it.
//
// While the wall clock is unknown, the floor does not say whether a certificate has ended, unless
// it had by then. So peers that must show one are refused, and the log names the clock: it fails
// closed. With `clock: build` in the configuration the floor is good enough: what had not ended by
// then is accepted until the clock is known, and then judged again.
//
// The time that is kept lies in two sectors that follow the identity (boards/chip/identity.h),
// which are a log of records. The floor is appended when it is an hour ahead of what is kept, and
// before a reset that is asked for. With sectors of 4 KB, each is erased every 256 hours. A record,
// its numbers in little-endian order:
//
//      0   4  "MDGT"
//      4   4  CRC-32 (IEEE 802.3) of the bytes 8..15
//      8   8  microseconds since 1970; of all valid records the latest is in force
//     16  16  erased

#ifndef CHIP_CLOCK_H
#define CHIP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

// Begins, and tells the console what is known. Whether `clock: build` is configured.
void clock_start(bool build);

// UTC since 1970 in microseconds, or 0 while it is unknown, is hal_wall_us; this is what it is at
// least.
uint64_t clock_floor_us(void);

// What a time server says: sets the wall clock, or is refused, with a line on the console.
void clock_told(uint64_t wall_us);

// Once a turn: keeps the time where that is due. Waits for flash, where nothing else may be under
// way.
void clock_turn(void);

// Keeps the time now.
void clock_keep(void);

#endif
