// Flash in a file, for programs of the machine that builds: their standard input, open for reading
// and writing.

#include <string.h>
#include <unistd.h>

#include "hal/parts.h"
#include "hal/semihost.h"

bool backing_read(uint32_t at, void *to, uint32_t n) {
    return pread(STDIN_FILENO, to, n, at) == (ssize_t)n;
}

bool backing_program(uint32_t at, const void *from, uint32_t n) {
    return pwrite(STDIN_FILENO, from, n, at) == (ssize_t)n;
}

bool backing_erase(uint32_t at, uint32_t n) {
    uint8_t erased[HAL_FLASH_SECTOR_BYTES];
    memset(erased, 0xff, sizeof erased);
    return backing_program(at, erased, n);
}

bool semihost_entropy(void *to, uint32_t n) {
    return getentropy(to, n) == 0;
}
