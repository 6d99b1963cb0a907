// What the files of hal/ ask of each other. A chip is made of one file for each of these groups.

#ifndef MIDGE_HAL_PARTS_H
#define MIDGE_HAL_PARTS_H

#include "hal/hal.h"

#define REGISTER(base, offset) (*(volatile uint32_t *)((base) + (offset)))

// ---- Chip ---------------------------------------------------------------------------------------

// Clocks and pins, before anything else is touched.
void chip_init(void);

// ---- Timer --------------------------------------------------------------------------------------

void timer_init(void);

// An interrupt after `ms` milliseconds or earlier; a later call replaces an earlier one.
void timer_alarm(uint32_t ms);

// Microseconds, out of a counter of 32 bits that wraps, and must be looked at once a turn. Nothing
// is divided that is longer than 32 bits.
struct timer_clock {
    uint64_t us;
    uint32_t ticks;  // when it was last looked at
    uint32_t rest;   // ticks that are no whole microsecond yet
};

static inline uint64_t timer_clock_us(struct timer_clock *clock, uint32_t ticks, uint32_t mhz) {
    uint32_t passed = ticks - clock->ticks;
    uint32_t rest = clock->rest + passed % mhz;
    clock->ticks = ticks;
    clock->us += passed / mhz + rest / mhz;
    clock->rest = rest % mhz;
    return clock->us;
}

// ---- Serial port --------------------------------------------------------------------------------

void uart_init(void);

// False where it has no room; an interrupt then comes when it has.
bool uart_send(uint8_t byte);

// The next byte received, or HAL_CONSOLE_LOST. -1 where there is none; an interrupt then comes with
// one.
int32_t uart_receive(void);

// Gives the serial port what it has room for.
void console_drain(void);

// ---- Ethernet -----------------------------------------------------------------------------------

// The length of a frame made of pieces.
uint32_t ethernet_bytes(const struct hal_span *pieces, uint32_t count);

// Moves bytes between memory and a MAC's data register, which has room for them. A frame that goes
// out begins with the two bytes in `head`, in place of its padding.
void ethernet_fill(volatile uint32_t *port, uint16_t head, const struct hal_span *pieces,
                   uint32_t count);
void ethernet_take(volatile uint32_t *port, void *to, uint32_t n);

// ---- Flash --------------------------------------------------------------------------------------

// The memory below nor.c, which has checked every argument. False where it fails. Addresses count
// from HAL_FLASH; so mcuboot.c reaches the flash that the image runs from, where that is the same
// device.
bool backing_read(uint32_t at, void *to, uint32_t n);
bool backing_program(uint32_t at, const void *from, uint32_t n);
bool backing_erase(uint32_t at, uint32_t n);

#endif
