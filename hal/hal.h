// The contract between a chip and what runs on it: clock, entropy, console, flash, watchdog, reset,
// Ethernet.
//
// A chip or a peripheral is one file here; a board names the files that it is made of, and says
// where their registers lie, by the HAL_ macros of its board.h. Everything runs on one thread. An
// interrupt only notes that it came and masks itself: all work is done by the functions below, none
// of which waits for anything unless it says so. None is called from an interrupt.
//
// hal/template.c is where a new chip begins.

#ifndef MIDGE_HAL_H
#define MIDGE_HAL_H

#include <stdbool.h>
#include <stdint.h>

enum hal_err {
    HAL_ERR_IO = -1,       // the device failed, or the flash is worn there
    HAL_ERR_INVALID = -2,  // outside the device, or not on its boundaries
    HAL_ERR_DIRTY = -3,    // would set a bit that is clear: erase first
};

// Overwrites bytes that are not read again, which a compiler would otherwise leave as they are.
static inline void hal_wipe(void *bytes, uint32_t n) {
    volatile uint8_t *p = bytes;
    for (uint32_t i = 0; i < n; i++)
        p[i] = 0;
}

// Prepares clocks, timer, console and memory guards. The start-up code calls it before main.
void hal_init(void);

// ---- Time ---------------------------------------------------------------------------------------

// Microseconds since reset; never goes back, never wraps.
uint64_t hal_us(void);

// UTC since 1970 in microseconds, or 0 while it is unknown. It never goes back: where it was set
// back, it stands still until time has caught up.
uint64_t hal_wall_us(void);

// Sets it, and with it the RTC of a chip that has one. 0: it is not known after all.
void hal_wall_set(uint64_t us);

// Sleeps until an interrupt, but not longer than `ms` milliseconds. May return at any time earlier.
// An interrupt that came since the caller last looked ends it at once.
void hal_wait(uint32_t ms);

// ---- Identity and entropy -----------------------------------------------------------------------

// Fills `to` with n bytes fit for keys. False where the chip has no such source, or it failed; then
// nothing may be done that rests on secrets, and `to` is not to be used. The first call may wait
// for flash.
bool hal_entropy(void *to, uint32_t n);

// Gives a seed, which nobody else knows, to a chip whose entropy is hal/seed.c. Waits for flash.
// False where that fails.
#define HAL_SEED_BYTES 32
bool hal_entropy_seed(const uint8_t bytes[HAL_SEED_BYTES]);

// Fills `to` with n bytes, up to 16, that tell this chip from any other and never change. False
// where there are none.
bool hal_unique(void *to, uint32_t n);

// ---- Console ------------------------------------------------------------------------------------

// Queues bytes for the serial console. What its ring has no room for is dropped, and counted.
void hal_console_write(const char *bytes, uint32_t n);

// The next byte typed, -1 where there is none, or HAL_CONSOLE_LOST once where bytes were lost.
#define HAL_CONSOLE_LOST (-2)
int32_t hal_console_read(void);

// Bytes dropped so far.
uint32_t hal_console_dropped(void);

// Whether the button is held down that asks for the default configuration. A board without one
// answers false.
bool hal_button(void);

// ---- Flash --------------------------------------------------------------------------------------
//
// NOR flash of the board's own data, addresses from 0. Erasing sets every bit of a sector;
// programming can only clear bits, and once a unit between erasures. A cut of power may tear what
// was not synced, and nothing else. The first two sectors are the seed's (hal/seed.c).

struct hal_flash {
    uint32_t bytes;          // 0: there is none
    uint32_t sector_bytes;   // what is erased at once; a power of two
    uint32_t program_bytes;  // the unit and alignment of programming; a power of two
};

// Its geometry.
struct hal_flash hal_flash(void);

// Each answers 0 when done, 1 while pending, or an enum hal_err. Only one operation is pending at a
// time: call hal_flash_busy until it answers 0 or an error before the next. Its end ends hal_wait.
// Reads are immediate.
int32_t hal_flash_read(uint32_t at, void *to, uint32_t n);
int32_t hal_flash_program(uint32_t at, const void *from, uint32_t n);
int32_t hal_flash_erase(uint32_t at);  // the sector that begins there
int32_t hal_flash_sync(void);          // what was done so far outlives a cut of power
int32_t hal_flash_busy(void);

// Waits for what was begun, by its answer. False where it failed.
static inline bool hal_flash_done(int32_t answer) {
    while (answer > 0)
        answer = hal_flash_busy();
    return answer == 0;
}

// ---- Watchdog and reset -------------------------------------------------------------------------

// Resets the chip unless it is fed within every `ms` milliseconds from now on. It cannot be
// stopped. Fed only by the loop, after a turn that was healthy.
void hal_watchdog_start(uint32_t ms);
void hal_watchdog_feed(void);

enum hal_reason {
    HAL_POWER,     // power came on, or the reset pin
    HAL_WATCHDOG,  // the watchdog was not fed; or, once it was started, the reset pin
    HAL_REQUEST,   // hal_reset
    HAL_PANIC,     // hal_panic: an assertion
    HAL_FAULT,     // the processor's fault handler, a stack overflow included
};

// What the last reset left in memory that outlives it.
struct hal_record {
    enum hal_reason reason;
    char file[32];     // HAL_PANIC: the end of the file's name, terminated by a NUL
    uint32_t line;     // HAL_PANIC
    uint32_t pc, lr;   // HAL_FAULT, HAL_WATCHDOG: where; 0 where it is not known
    uint32_t status;   // HAL_FAULT: the processor's fault status register
    uint32_t address;  // HAL_FAULT: what was accessed, where it is known
    uint32_t boots;    // resets since power came on
};

const struct hal_record *hal_record(void);

// Bytes of the stack that nothing has used since the start.
uint32_t hal_stack_unused(void);

_Noreturn void hal_reset(void);
_Noreturn void hal_panic(const char *file, int line);

// The image that runs is sound: a boot loader need not go back to the one before it. Nothing where
// there is no boot loader.
void hal_boot_confirm(void);

// Ends an emulation with a status, 1..255 for a failure; hal_reset on a chip.
_Noreturn void hal_exit(uint8_t status);

// ---- Ethernet -----------------------------------------------------------------------------------
//
// A frame begins with its destination address and has no CRC. Before it lie HAL_ETHERNET_PAD bytes
// of no meaning, so that IP headers are aligned; every count below includes them.

#define HAL_ETHERNET_PAD 2

struct hal_span {
    const uint8_t *bytes;
    uint32_t n;
};

// Starts the MAC. False where it does not answer.
bool hal_ethernet_init(const uint8_t address[6]);

// Whether the cable carries a link. May take up to 1 ms; asked a few times a second.
bool hal_ethernet_link(void);

// The length of the oldest frame received, or 0.
uint32_t hal_ethernet_frame(void);

// Takes its next n bytes, a multiple of 4 unless they are its last. `to` is aligned on 4.
void hal_ethernet_read(void *to, uint32_t n);

// Passes over the rest of it, or all of it. The next frame is then the oldest.
void hal_ethernet_skip(void);

// Sends a frame made of pieces, at least 14 + HAL_ETHERNET_PAD bytes. False where the MAC has no
// room for it now: it is lost, and higher layers send it again. Waits at most for the frame before
// it to leave.
bool hal_ethernet_send(const struct hal_span *pieces, uint32_t count);

// Frames that were received but lost for want of room or by an error, so far, where the MAC knows.
uint32_t hal_ethernet_dropped(void);

#endif
