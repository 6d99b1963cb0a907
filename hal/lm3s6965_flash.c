// The last part of the LM3S6965's own flash, by its controller (its data sheet, chapter 8). The
// processor stands still while it erases, up to 20 ms, or programs. In an emulator, which does not
// have the controller, a file takes its place.

#include <string.h>

#include "hal/parts.h"
#include "hal/semihost.h"

#define ADDRESS REGISTER(0x400FD000, 0x0)
#define DATA REGISTER(0x400FD000, 0x4)
#define CONTROL REGISTER(0x400FD000, 0x8)

#define KEY 0xA4420000u
#define WRITE 1u
#define ERASE 2u

static bool command(uint32_t address, uint32_t what) {
    ADDRESS = address;
    CONTROL = KEY | what;
    for (uint32_t i = 0; i < 1000000; i++) {
        if ((CONTROL & what) == 0)
            return true;
    }
    return false;
}

bool backing_read(uint32_t at, void *to, uint32_t n) {
    if (semihost_flash())
        return semihost_flash_read(at, to, n);
    // The chip's addresses are numbers. NOLINTNEXTLINE(performance-no-int-to-ptr)
    memcpy(to, (const void *)(HAL_FLASH + at), n);
    return true;
}

bool backing_program(uint32_t at, const void *from, uint32_t n) {
    if (at < HAL_FLASH_BYTES && semihost_flash())
        return semihost_flash_write(at, from, n);
    for (uint32_t i = 0; i < n; i += 4) {
        uint32_t word;
        memcpy(&word, (const uint8_t *)from + i, 4);
        DATA = word;
        if (!command(HAL_FLASH + at + i, WRITE))
            return false;
    }
    return true;
}

bool backing_erase(uint32_t at, uint32_t n) {
    uint8_t erased[64];
    if (!semihost_flash())
        return command(HAL_FLASH + at, ERASE);
    memset(erased, 0xff, sizeof erased);
    for (uint32_t i = 0; i < n; i += sizeof erased) {
        if (!semihost_flash_write(at + i, erased, sizeof erased))
            return false;
    }
    return true;
}
