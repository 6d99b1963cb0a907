#include "boards/chip/clock.h"

#include <string.h>

#include "boards/chip/console.h"
#include "boards/chip/identity.h"
#include "boards/chip/slots.h"
#include "hal/hal.h"
#include "port/port.h"

#if MIDGE_CLOCK

// No image is older than this source. The build gives a later one.
#ifndef CLOCK_BUILD_S
#define CLOCK_BUILD_S 1735689600u
#endif

#define SECOND_US 1000000ull
#define KEEP_US (3600 * SECOND_US)
#define DRIFT_US (60 * SECOND_US)  // what a clock may be ahead by, once it is known
#define AHEAD_US (20ull * 365 * 86400 * SECOND_US)  // of the build, where no time is believed

#define MAGIC 0x5447444Du  // "MDGT"
#define RECORD_BYTES 32

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are copied as they lie");

struct record {
    uint32_t magic, crc;
    uint64_t us;
    uint8_t erased[16];
};

_Static_assert(sizeof(struct record) == RECORD_BYTES, "as clock.h has it");

static uint64_t start_us;  // what the floor was at the reset
static uint64_t kept_us;   // the latest that was kept, or was to be
static uint32_t place;     // of the record that was appended last, from where they begin

// ---- What is kept -------------------------------------------------------------------------------

static uint32_t log_bytes(void) {
    return 2 * hal_flash().sector_bytes;
}

static bool have_flash(void) {
    struct hal_flash flash = hal_flash();
    return slots_end(&identity_slots) + log_bytes() <= flash.bytes &&
           flash.program_bytes <= RECORD_BYTES;
}

static bool read(uint32_t at, struct record *r) {
    return hal_flash_read(slots_end(&identity_slots) + at, r, sizeof *r) == 0;
}

static bool is_valid(const struct record *r) {
    return r->magic == MAGIC && r->crc == ~slots_crc(UINT32_MAX, &r->us, sizeof r->us);
}

static bool is_erased(uint32_t at) {
    struct record r, erased;
    memset(&erased, 0xff, sizeof erased);
    return read(at, &r) && memcmp(&r, &erased, sizeof r) == 0;
}

// Finds the latest record. Without one the next is the first.
static void find(void) {
    struct record r;
    kept_us = 0;
    place = log_bytes() - RECORD_BYTES;
    for (uint32_t at = 0; have_flash() && at < log_bytes(); at += RECORD_BYTES) {
        if (read(at, &r) && is_valid(&r) && r.us > kept_us) {
            kept_us = r.us;
            place = at;
        }
    }
}

// Behind the latest one, wherever power was cut: a sector is erased once the other one is full.
static bool append(uint64_t us) {
    struct record r = {.magic = MAGIC, .us = us};
    r.crc = ~slots_crc(UINT32_MAX, &r.us, sizeof r.us);
    memset(r.erased, 0xff, sizeof r.erased);
    do {
        place += RECORD_BYTES;
    } while (place % hal_flash().sector_bytes != 0 && !is_erased(place));
    place %= log_bytes();
    if (place % hal_flash().sector_bytes == 0 &&
        !hal_flash_done(hal_flash_erase(slots_end(&identity_slots) + place)))
        return false;
    return hal_flash_done(hal_flash_program(slots_end(&identity_slots) + place, &r, sizeof r)) &&
           hal_flash_done(hal_flash_sync());
}

void clock_keep(void) {
    uint64_t us = clock_floor_us();
    if (!have_flash() || us <= kept_us)
        return;
    kept_us = us;
    if (!append(us))
        console_say(MIDGE_WRN, "Flash fails: the time is not kept");
}

void clock_turn(void) {
    if (clock_floor_us() >= kept_us + KEEP_US)
        clock_keep();
}

// ---- What is known ------------------------------------------------------------------------------

static void tell_time(uint64_t us) {
    char text[28];
    midge_write_time(us - us % SECOND_US, text);
    console_text(text);
}

static void tell(enum midge_level level, const char *what, uint64_t us) {
    console_begin(level);
    console_text(what);
    tell_time(us);
}

uint64_t clock_floor_us(void) {
    uint64_t floor_us = start_us + hal_us(), wall_us = hal_wall_us();
    return wall_us > floor_us ? wall_us : floor_us;
}

void clock_told(uint64_t wall_us) {
    uint64_t floor_us = clock_floor_us();
    bool known = hal_wall_us() != 0;
    bool early = wall_us + DRIFT_US < floor_us;
    if (early || wall_us > CLOCK_BUILD_S * SECOND_US + AHEAD_US) {
        tell(MIDGE_WRN, "Refused the time ", wall_us);
        console_text(early ? ", since it lies behind " : ", 20 years after the build");
        if (early)
            tell_time(floor_us);
        console_end();
        return;
    }
    // From the floor on it stands still until time has caught up.
    if (!known && wall_us < floor_us)
        hal_wall_set(floor_us);
    hal_wall_set(wall_us);
    if (!known) {
        tell(MIDGE_INF, "The clock says ", hal_wall_us());
        console_end();
    }
}

void clock_start(bool build) {
    uint64_t rtc_us = hal_wall_us();
    find();
    uint64_t floor_us = CLOCK_BUILD_S * SECOND_US;
    floor_us = kept_us > floor_us ? kept_us : floor_us;
    start_us = floor_us - hal_us();
    // An RTC is judged as a time server is.
    hal_wall_set(0);
    if (rtc_us != 0)
        clock_told(rtc_us);
    if (hal_wall_us() == 0) {
        tell(MIDGE_INF, "The clock is unknown, but not before ", floor_us);
        console_text(build ? ", which is good enough for certificates" : "");
        console_end();
    }
#if MIDGE_TLS
    port_floor(floor_us, build);
#endif
}

#endif
