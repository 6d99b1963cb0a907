// Flash made of memory: RAM of the board that nothing else uses. It outlives a reset, and an
// emulation where the emulator keeps it in a file; on a real board it does not outlive a cut of
// power.

#include <string.h>

#include "hal/parts.h"

// The board's addresses are numbers. NOLINTNEXTLINE(performance-no-int-to-ptr)
#define MEMORY ((uint8_t *)HAL_FLASH)

bool backing_read(uint32_t at, void *to, uint32_t n) {
    memcpy(to, MEMORY + at, n);
    return true;
}

bool backing_program(uint32_t at, const void *from, uint32_t n) {
    memcpy(MEMORY + at, from, n);
    return true;
}

bool backing_erase(uint32_t at, uint32_t n) {
    memset(MEMORY + at, 0xff, n);
    return true;
}
