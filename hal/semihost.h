// What an emulator or a debugger lends to the chip in it: entropy, and a file in place of flash.
// The end of the emulation stands in hal.h.
//
// Calls are Arm's semihosting. Where nobody serves them each fails, and nothing else happens: one
// image runs in QEMU and on the real board.

#ifndef MIDGE_SEMIHOST_H
#define MIDGE_SEMIHOST_H

#include <stdbool.h>
#include <stdint.h>

// As hal_entropy: the source of the machine that the emulator runs on.
bool semihost_entropy(void *to, uint32_t n);

// Whether there is a file `flash.bin` where the emulator was started, of HAL_FLASH_BYTES.
bool semihost_flash(void);

bool semihost_flash_read(uint32_t at, void *to, uint32_t n);
bool semihost_flash_write(uint32_t at, const void *from, uint32_t n);

#endif
