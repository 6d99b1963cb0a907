// Arm's semihosting (its specification, version 2).

#include "hal/semihost.h"

#include <string.h>

#include "hal/hal.h"

enum {
    SYS_OPEN = 0x01,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0A,
    SYS_FLEN = 0x0C,
    SYS_EXIT_EXTENDED = 0x20,
};

enum { MODE_READ = 1, MODE_UPDATE = 3 };  // "rb", "r+b"

#define EXIT_BY_APPLICATION 0x20026u

// A file that has not been looked for yet, or is not there.
#define UNKNOWN (-2)
#define NONE (-1)

// Answers -1 where nobody serves it: the fault handler then skips the instruction.
static int32_t call(uint32_t number, const void *arguments) {
    register uint32_t r0 __asm("r0") = number;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static int32_t open_file(const char *name, uint32_t mode) {
    return call(SYS_OPEN, (uint32_t[]){(uint32_t)name, mode, strlen(name)});
}

static bool read_file(int32_t file, void *to, uint32_t n) {
    return call(SYS_READ, (uint32_t[]){(uint32_t)file, (uint32_t)to, n}) == 0;
}

bool semihost_entropy(void *to, uint32_t n) {
    static int32_t file = UNKNOWN;
    if (file == UNKNOWN)
        file = open_file("/dev/urandom", MODE_READ);
    return file >= 0 && read_file(file, to, n);
}

_Noreturn void hal_exit(uint8_t status) {
    call(SYS_EXIT_EXTENDED, (uint32_t[]){EXIT_BY_APPLICATION, status});
    hal_reset();
}

// ---- Flash --------------------------------------------------------------------------------------

static int32_t flash = UNKNOWN;

bool semihost_flash(void) {
    if (flash == UNKNOWN) {
        flash = open_file("flash.bin", MODE_UPDATE);
        if (flash >= 0 && call(SYS_FLEN, (uint32_t[]){(uint32_t)flash}) != HAL_FLASH_BYTES)
            flash = NONE;
    }
    return flash >= 0;
}

static bool seek(uint32_t at) {
    return call(SYS_SEEK, (uint32_t[]){(uint32_t)flash, at}) == 0;
}

bool semihost_flash_read(uint32_t at, void *to, uint32_t n) {
    return seek(at) && read_file(flash, to, n);
}

bool semihost_flash_write(uint32_t at, const void *from, uint32_t n) {
    return seek(at) && call(SYS_WRITE, (uint32_t[]){(uint32_t)flash, (uint32_t)from, n}) == 0;
}
