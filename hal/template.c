// Where a new chip begins: copy this file, and fill in what your chip has. Until then everything
// fails closed: no entropy, no flash, no frames.
//
// It is what a Cortex-M chip needs beside cortex_m.c (start, faults, sleep, reset), console.c (the
// console's ring) and nor.c (the rules of flash); another processor needs its own cortex_m.c too.
// One file for each peripheral is best, since the next chip shares some: lan9118.c, sp805.c and
// cmsdk_dualtimer.c show how small they are. semihost.c lends entropy and the end of an emulation.

#include "hal/cortex_m.h"

// Clocks and pins. Nothing else has been touched yet.
void chip_init(void) {}

// ---- Timer --------------------------------------------------------------------------------------

// Start a free-running counter, and prepare an alarm that interrupts once.
void timer_init(void) {}

// The counter by timer_clock_us, which makes microseconds of ticks.
uint64_t hal_us(void) {
    return 0;
}

// Arm the alarm, then listen to its line. Earlier than asked is allowed, later is not.
void timer_alarm(uint32_t ms) {
    (void)ms;
}

// ---- Serial port --------------------------------------------------------------------------------

// 115,200 bit/s, 8 bits, no parity.
void uart_init(void) {}

// Never wait. Where there is no room, listen to the line that tells of it.
bool uart_send(uint8_t byte) {
    (void)byte;
    return true;
}

// Where there is nothing, listen to the line that tells of it.
int32_t uart_receive(void) {
    return -1;
}

// ---- Identity and entropy -----------------------------------------------------------------------

// A true random number generator, with its health tests. Never a clock, a serial number or a
// pseudo-random sequence: without a generator, false; or seed.c and chacha20.c in place of this.
// What it takes bytes from, such as a pool or a block, is wiped once they are given (hal_wipe).
bool hal_entropy(void *to, uint32_t n) {
    (void)to;
    (void)n;
    return false;
}

// The maker's serial number or MAC address.
bool hal_unique(void *to, uint32_t n) {
    (void)to;
    (void)n;
    return false;
}

// ---- Button -------------------------------------------------------------------------------------

// Debounce nothing: it is asked once, at the start.
bool hal_button(void) {
    return false;
}

// ---- Flash --------------------------------------------------------------------------------------

// nor.c has checked the arguments, and reads back what is programmed and erased. The board's data
// lies apart from the image; HAL_FLASH_BYTES 0 says that there is none.
bool backing_read(uint32_t at, void *to, uint32_t n) {
    (void)at;
    (void)to;
    (void)n;
    return false;
}

bool backing_program(uint32_t at, const void *from, uint32_t n) {
    (void)at;
    (void)from;
    (void)n;
    return false;
}

bool backing_erase(uint32_t at, uint32_t n) {
    (void)at;
    (void)n;
    return false;
}

// ---- Watchdog and end ---------------------------------------------------------------------------

// Call cortex_m_watched first. One that the program cannot stop, on a clock of its own if there is
// one; where it warns before it resets, by exception HAL_WATCHDOG_EXCEPTION.
void hal_watchdog_start(uint32_t ms) {
    (void)ms;
}

void hal_watchdog_feed(void) {}

_Noreturn void hal_exit(uint8_t status) {
    (void)status;
    hal_reset();
}

// ---- Ethernet -----------------------------------------------------------------------------------

// The address is the MAC's filter, beside broadcasts.
bool hal_ethernet_init(const uint8_t address[6]) {
    (void)address;
    return false;
}

// Ask the PHY; once there is a link, set the MAC to the duplex that was negotiated.
bool hal_ethernet_link(void) {
    return false;
}

// Where none waits, listen to the line that tells of one. A MAC with descriptors has frames in
// buffers of its own, where its DMA reaches and no cache does.
uint32_t hal_ethernet_frame(void) {
    return 0;
}

void hal_ethernet_read(void *to, uint32_t n) {
    (void)to;
    (void)n;
}

void hal_ethernet_skip(void) {}

// The pieces belong to the caller again when this returns.
bool hal_ethernet_send(const struct hal_span *pieces, uint32_t count) {
    (void)pieces;
    (void)count;
    return false;
}

uint32_t hal_ethernet_dropped(void) {
    return 0;
}
