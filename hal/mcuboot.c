// The image's word to the boot loader MCUboot that it is sound, so that it stays: one flag in the
// trailer at the end of the slot that the image runs from (MCUboot's design.md, "Image trailer").
// Where the image is not linked to a slot, or MCUboot does not ask for the word, nothing happens.

#include <string.h>

#include "hal/cortex_m.h"

// MCUboot's BOOT_MAX_ALIGN: where each part of the trailer begins, and what it is programmed by.
#define ALIGN (HAL_FLASH_PROGRAM_BYTES > 8 ? HAL_FLASH_PROGRAM_BYTES : 8)
#define MAGIC_BYTES 16

_Static_assert(ALIGN <= MAGIC_BYTES, "MCUboot's trailer is not known for larger units");

#if HAL_FLASH_PROGRAM_BYTES > 8
static const uint8_t magic[MAGIC_BYTES] = {ALIGN, 0,    0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b,
                                           0x8d,  0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
#else
static const uint8_t magic[MAGIC_BYTES] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                           0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
#endif

// From the linker script: where the slot ends, or 0.
extern const uint32_t slot_end;

void hal_boot_confirm(void) {
    uint8_t flag[ALIGN];
    uint32_t end = slot_end;
    uint32_t at = end - MAGIC_BYTES - ALIGN;
    // Addresses are numbers. NOLINTNEXTLINE(performance-no-int-to-ptr)
    if (end == 0 || memcmp((const void *)(end - MAGIC_BYTES), magic, sizeof magic) != 0 ||
        *(const uint8_t *)at != 0xff)  // NOLINT(performance-no-int-to-ptr)
        return;
    memset(flag, 0xff, sizeof flag);
    flag[0] = 1;
    cortex_m_guard(false);
    backing_program(at - HAL_FLASH, flag, sizeof flag);
    cortex_m_guard(true);
}
