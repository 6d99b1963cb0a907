// hal.h on a tap device, for tests of port/lwip.c.

#include "tests/boards/lwip/tap.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hal/hal.h"

#define PIECES 64

struct faults faults;

static int tap = -1;
static uint8_t received[2048];
static uint32_t received_bytes, received_at;

static uint64_t clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

// Milliseconds of 32 bits wrap after 49 days on a chip, and 8 s after the start here.
uint64_t hal_us(void) {
    static uint64_t start;
    uint64_t now = clock_us(CLOCK_MONOTONIC);
    if (start == 0)
        start = now;
    return now - start + (0x100000000 - 8000) * 1000;
}

uint64_t hal_wall_us(void) {
    return clock_us(CLOCK_REALTIME);
}

bool hal_entropy(void *to, uint32_t n) {
    return getrandom(to, n, 0) == (ssize_t)n;
}

// Commands come by the standard input, and end the wait too.
void hal_wait(uint32_t ms) {
    struct pollfd events[] = {{.fd = tap, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    poll(events, 2, (int)ms);
}

bool hal_ethernet_init(const uint8_t address[6]) {
    (void)address;
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strcpy(request.ifr_name, "tap0");
    tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return tap >= 0 && ioctl(tap, TUNSETIFF, &request) == 0;
}

bool hal_ethernet_link(void) {
    return !faults.unplugged;
}

// A repeatable sequence: every run loses alike.
static bool unlucky(uint32_t one_in) {
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return one_in > 0 && (state >> 8) % one_in == 0;
}

static bool lost(void) {
    return faults.unplugged || faults.mute || unlucky(faults.loss);
}

uint32_t hal_ethernet_frame(void) {
    while (received_bytes == 0) {
        ssize_t n = read(tap, received + HAL_ETHERNET_PAD, sizeof received - HAL_ETHERNET_PAD);
        if (n <= 0)
            return 0;
        if (!lost())
            received_bytes = (uint32_t)n + HAL_ETHERNET_PAD;
    }
    return received_bytes;
}

void hal_ethernet_read(void *to, uint32_t n) {
    memcpy(to, received + received_at, n);
    received_at += n;
}

void hal_ethernet_skip(void) {
    received_bytes = received_at = 0;
}

bool hal_ethernet_send(const struct hal_span *pieces, uint32_t count) {
    struct iovec parts[PIECES];
    if (unlucky(faults.refusals))
        return false;
    if (lost())
        return true;
    for (uint32_t i = 0; i < count; i++)
        parts[i] = (struct iovec){(void *)pieces[i].bytes, pieces[i].n};
    parts[0].iov_base = (uint8_t *)parts[0].iov_base + HAL_ETHERNET_PAD;
    parts[0].iov_len -= HAL_ETHERNET_PAD;
    return writev(tap, parts, (int)count) > 0;
}
