// A chip made of a process of the host, so that the code of a chip's image runs there: hal.h by the
// descriptors of hal/posix.h. Beside it, console.c, nor.c over memory_flash.c, and seed.c are those
// of the chips.
//
// The clock is the host's, seen through a counter of 32 bits that turns as often as the board's. A
// reset ends the process: it is started again.

#include "hal/posix.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hal/parts.h"
#include "hal/semihost.h"

#define PIECES_MAX 64

struct posix_chip *posix_chip;

static struct hal_record last;

static uint8_t frame[POSIX_FRAME_BYTES];
static uint32_t frame_bytes, frame_at;  // with padding; 0: none was looked at
static bool listens;                    // the MAC does, to the cable

// ---- Start and end ------------------------------------------------------------------------------

static _Noreturn void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static void *map(int file, void *at, size_t bytes, int flags, const char *otherwise) {
    void *mapped = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, file, 0);
    if (mapped == MAP_FAILED || (at != NULL && mapped != at))
        fail(otherwise);
    return mapped;
}

static size_t bytes_of(int file) {
    struct stat status;
    return fstat(file, &status) == 0 ? (size_t)status.st_size : 0;
}

// Erases what the file of flash lacks.
static void lengthen(void) {
    uint8_t erased[HAL_FLASH_SECTOR_BYTES];
    memset(erased, 0xff, sizeof erased);
    for (size_t at = bytes_of(POSIX_FLASH); at < HAL_FLASH_BYTES;
         at += sizeof erased - at % sizeof erased) {
        size_t n = sizeof erased - at % sizeof erased;
        if (pwrite(POSIX_FLASH, erased, n, (off_t)at) != (ssize_t)n)
            fail("Flash cannot be written.");
    }
}

// In place of start-up code.
__attribute__((constructor)) static void start(void) {
    hal_init();
}

// The board's addresses are numbers. NOLINTBEGIN(performance-no-int-to-ptr)
void hal_init(void) {
    posix_chip = map(POSIX_CHIP, NULL, bytes_of(POSIX_CHIP), 0,
                     "This is the image of a board, which midge-sim starts.");
    lengthen();
    map(POSIX_FLASH, (void *)HAL_FLASH, HAL_FLASH_BYTES, MAP_FIXED_NOREPLACE,
        "The host has no room for flash where the board has it.");
    signal(SIGPIPE, SIG_IGN);
    last = posix_chip->record;
    posix_chip->record = (struct hal_record){.reason = HAL_POWER, .boots = last.boots};
    timer_init();
    if (posix_chip->unseeded)
        posix_chip->unseeded = !hal_entropy_seed(posix_chip->seed);
}
// NOLINTEND(performance-no-int-to-ptr)

const struct hal_record *hal_record(void) {
    return &last;
}

_Noreturn void hal_reset(void) {
    posix_chip->record.reason = HAL_REQUEST;
    _exit(0);
}

_Noreturn void hal_panic(const char *file, int line) {
    struct hal_record *record = &posix_chip->record;
    size_t n = strlen(file);
    size_t room = sizeof record->file - 1;
    memcpy(record->file, file + (n > room ? n - room : 0), (n > room ? room : n) + 1);
    record->line = (uint32_t)line;
    record->reason = HAL_PANIC;
    _exit(0);
}

_Noreturn void hal_exit(uint8_t status) {
    (void)status;
    hal_reset();
}

static void bark(int signal) {
    (void)signal;
    posix_chip->record.reason = HAL_WATCHDOG;
    _exit(0);
}

static struct itimerval watchdog;

void hal_watchdog_start(uint32_t ms) {
    watchdog.it_value = (struct timeval){(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    signal(SIGALRM, bark);
    hal_watchdog_feed();
}

void hal_watchdog_feed(void) {
    setitimer(ITIMER_REAL, &watchdog, NULL);
}

void hal_boot_confirm(void) {}

// The host's stack, whose frames are not the chip's, tells nothing.
uint32_t hal_stack_unused(void) {
    return 0;
}

// ---- Time ---------------------------------------------------------------------------------------

static struct timer_clock clock_32;
static uint64_t origin_us;

static uint64_t host_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint32_t ticks(void) {
    return (uint32_t)((posix_chip->start_us + host_us() - origin_us) * HAL_TIMER_MHZ);
}

void timer_init(void) {
    origin_us = host_us();
    clock_32 = (struct timer_clock){.us = posix_chip->start_us, .ticks = ticks()};
}

uint64_t hal_us(void) {
    return timer_clock_us(&clock_32, ticks(), HAL_TIMER_MHZ);
}

void hal_wait(uint32_t ms) {
    struct pollfd events[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = listens ? POSIX_CABLE : -1, .events = POLLIN}};
    console_drain();
    if (ms > 0)
        poll(events, 2, ms < INT32_MAX ? (int)ms : INT32_MAX);
}

// ---- Serial port, button and identity -----------------------------------------------------------

bool uart_send(uint8_t byte) {
    return write(STDOUT_FILENO, &byte, 1) == 1;
}

int32_t uart_receive(void) {
    uint8_t byte;
    ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n == 0)
        _exit(0);
    return n == 1 ? byte : -1;
}

bool hal_button(void) {
    return false;
}

// Nobody lends any: there is the seed in flash.
bool semihost_entropy(void *to, uint32_t n) {
    (void)to;
    (void)n;
    return false;
}

bool hal_unique(void *to, uint32_t n) {
    static const uint8_t address[6] = {0x02, 0, 0, 0, 0, 0x0f};
    if (n > sizeof address)
        return false;
    memcpy(to, address, n);
    return true;
}

// ---- Ethernet -----------------------------------------------------------------------------------

// What came earlier nobody has heard.
bool hal_ethernet_init(const uint8_t address[6]) {
    (void)address;
    while (recv(POSIX_CABLE, frame, sizeof frame, MSG_DONTWAIT) > 0)
        ;
    listens = true;
    return true;
}

bool hal_ethernet_link(void) {
    return posix_chip->link;
}

uint32_t hal_ethernet_frame(void) {
    if (frame_bytes == 0) {
        ssize_t n = recv(POSIX_CABLE, frame + HAL_ETHERNET_PAD, sizeof frame - HAL_ETHERNET_PAD,
                         MSG_DONTWAIT);
        if (n > 0)
            frame_bytes = (uint32_t)n + HAL_ETHERNET_PAD;
    }
    return frame_bytes;
}

void hal_ethernet_read(void *to, uint32_t n) {
    memcpy(to, frame + frame_at, n);
    frame_at += n;
}

void hal_ethernet_skip(void) {
    frame_bytes = frame_at = 0;
}

// Waits until the other end has taken what is before it, as for a cable that is busy.
bool hal_ethernet_send(const struct hal_span *pieces, uint32_t count) {
    struct iovec parts[PIECES_MAX];
    if (count > PIECES_MAX)
        return false;
    for (uint32_t i = 0, pad = HAL_ETHERNET_PAD; i < count; i++, pad = 0)
        parts[i] = (struct iovec){(void *)(pieces[i].bytes + pad), pieces[i].n - pad};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent;
    do {
        sent = sendmsg(POSIX_CABLE, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent > 0;
}

uint32_t hal_ethernet_dropped(void) {
    return posix_chip->dropped;
}
