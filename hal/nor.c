// The rules of NOR flash over whatever keeps the bytes, enforced: what breaks them on one board
// would break on another. Everything is done at once, so nothing is ever pending.

#include <string.h>

#include "hal/parts.h"

#define CHUNK 64

_Static_assert((HAL_FLASH_SECTOR_BYTES & (HAL_FLASH_SECTOR_BYTES - 1)) == 0 &&
                   (HAL_FLASH_PROGRAM_BYTES & (HAL_FLASH_PROGRAM_BYTES - 1)) == 0,
               "HAL_FLASH_SECTOR_BYTES and HAL_FLASH_PROGRAM_BYTES are powers of two");
_Static_assert(HAL_FLASH_BYTES % HAL_FLASH_SECTOR_BYTES == 0 &&
                   HAL_FLASH_SECTOR_BYTES % HAL_FLASH_PROGRAM_BYTES == 0 &&
                   HAL_FLASH_SECTOR_BYTES % CHUNK == 0,
               "HAL_FLASH_BYTES holds whole sectors, and those whole units of programming");

struct hal_flash hal_flash(void) {
    return (struct hal_flash){HAL_FLASH_BYTES, HAL_FLASH_SECTOR_BYTES, HAL_FLASH_PROGRAM_BYTES};
}

static bool is_inside(uint32_t at, uint32_t n) {
    return at <= HAL_FLASH_BYTES && n <= HAL_FLASH_BYTES - at;
}

// Whether n bytes are what `like` says, or all erased where it is NULL; HAL_ERR_IO where they
// cannot be read.
static int32_t compare(uint32_t at, const uint8_t *like, uint32_t n) {
    uint8_t erased[CHUNK];
    uint8_t found[CHUNK];
    memset(erased, 0xff, sizeof erased);
    for (uint32_t done = 0; done < n; done += CHUNK) {
        uint32_t part = n - done < CHUNK ? n - done : CHUNK;
        if (!backing_read(at + done, found, part))
            return HAL_ERR_IO;
        if (memcmp(found, like != NULL ? like + done : erased, part) != 0)
            return 0;
    }
    return 1;
}

int32_t hal_flash_read(uint32_t at, void *to, uint32_t n) {
    if (!is_inside(at, n))
        return HAL_ERR_INVALID;
    return backing_read(at, to, n) ? 0 : HAL_ERR_IO;
}

int32_t hal_flash_program(uint32_t at, const void *from, uint32_t n) {
    if (!is_inside(at, n) || at % HAL_FLASH_PROGRAM_BYTES != 0 || n % HAL_FLASH_PROGRAM_BYTES != 0)
        return HAL_ERR_INVALID;
    int32_t erased = compare(at, NULL, n);
    if (erased != 1)
        return erased < 0 ? erased : HAL_ERR_DIRTY;
    return backing_program(at, from, n) && compare(at, from, n) == 1 ? 0 : HAL_ERR_IO;
}

int32_t hal_flash_erase(uint32_t at) {
    if (!is_inside(at, HAL_FLASH_SECTOR_BYTES) || at % HAL_FLASH_SECTOR_BYTES != 0)
        return HAL_ERR_INVALID;
    return backing_erase(at, HAL_FLASH_SECTOR_BYTES) &&
                   compare(at, NULL, HAL_FLASH_SECTOR_BYTES) == 1
               ? 0
               : HAL_ERR_IO;
}

int32_t hal_flash_sync(void) {
    return 0;
}

int32_t hal_flash_busy(void) {
    return 0;
}
