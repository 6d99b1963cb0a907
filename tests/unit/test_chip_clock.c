// What a chip knows of the time: what is kept outlives a reset and never runs backwards, wherever
// power is cut; its sectors wear evenly; and whom it believes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define MIDGE_CLOCK 1
#define CLOCK_BUILD_S 1800000000u

#include "boards/chip/clock.c"
#include "hal/wall.c"
#include "tests/unit/flash.h"

// ---- The chip -----------------------------------------------------------------------------------

static uint64_t now_us;
static char said[512];

uint64_t hal_us(void) {
    return now_us;
}

const struct slots identity_slots;

uint32_t slots_end(const struct slots *s) {
    (void)s;
    return 3 * FLASH_SECTOR;
}

uint32_t slots_crc(uint32_t crc, const void *bytes, uint32_t n) {
    for (uint32_t bit = 0; bit < 8 * n; bit++) {
        uint32_t low = (crc ^ ((const uint8_t *)bytes)[bit / 8] >> bit % 8) & 1;
        crc = crc >> 1 ^ (low ? 0xEDB88320u : 0);
    }
    return crc;
}

void console_begin(enum midge_level level) {
    (void)level;
    said[0] = '\0';
}

void console_bytes(const char *bytes, uint32_t n) {
    size_t end = strlen(said);
    assert_true(end + n < sizeof said);
    memcpy(said + end, bytes, n);
    said[end + n] = '\0';
}

void console_text(const char *text) {
    strcat(said, text);
}

void console_number(uint32_t number, uint32_t base) {
    char digits[12];
    assert_int_equal(base, 10);
    snprintf(digits, sizeof digits, "%u", number);
    strcat(said, digits);
}

void console_end(void) {}

void console_say(enum midge_level level, const char *text) {
    console_begin(level);
    console_text(text);
}

#if MIDGE_TLS
static uint64_t told_floor_us;
static bool told_suffices;

void port_floor(uint64_t wall_us, bool suffices) {
    told_floor_us = wall_us;
    told_suffices = suffices;
}
#endif

#define BUILD_US (CLOCK_BUILD_S * SECOND_US)
#define HOUR_US KEEP_US
#define HAS_SAID(text) assert_non_null(strstr(said, text))

// After a reset, which took no time.
static void reset(void) {
    now_us = 1000;
    hal_wall_set(0);
    said[0] = '\0';
    clock_start(false);
}

static void begin(void) {
    flash_new();
    reset();
}

static void pass(uint64_t us) {
    now_us += us;
    clock_turn();
}

// ---- Whom it believes ---------------------------------------------------------------------------

static void test_unknown_at_first(void **state) {
    (void)state;
    begin();
    assert_int_equal(hal_wall_us(), 0);
    assert_int_equal(clock_floor_us(), BUILD_US);
    assert_string_equal(said, "The clock is unknown, but not before 2027-01-15T08:00:00Z");
    pass(5 * SECOND_US);
    assert_int_equal(clock_floor_us(), BUILD_US + 5 * SECOND_US);
    clock_start(true);
    HAS_SAID("Z, which is good enough for certificates");
#if MIDGE_TLS
    assert_int_equal(told_floor_us, BUILD_US + 5 * SECOND_US);  // which is kept
    assert_true(told_suffices);
#endif
}

static void test_a_server_tells(void **state) {
    (void)state;
    begin();
    clock_told(BUILD_US + HOUR_US);
    assert_string_equal(said, "The clock says 2027-01-15T09:00:00Z");
    assert_int_equal(hal_wall_us(), BUILD_US + HOUR_US);
    pass(SECOND_US);
    assert_int_equal(hal_wall_us(), BUILD_US + HOUR_US + SECOND_US);
    said[0] = '\0';
    clock_told(BUILD_US + 3 * HOUR_US);
    assert_string_equal(said, "");
    assert_int_equal(hal_wall_us(), BUILD_US + 3 * HOUR_US);
}

static void test_what_lies_behind_is_refused(void **state) {
    (void)state;
    begin();
    clock_told(BUILD_US - DRIFT_US - SECOND_US);
    assert_string_equal(said, "Refused the time 2027-01-15T07:58:59Z, since it lies behind "
                              "2027-01-15T08:00:00Z");
    assert_int_equal(hal_wall_us(), 0);
    clock_told(0);
    assert_int_equal(hal_wall_us(), 0);
    clock_told(BUILD_US + HOUR_US);
    clock_told(BUILD_US + HOUR_US - DRIFT_US - 1);
    HAS_SAID("Refused the time 2027-01-15T08:58:59Z");
    assert_int_equal(hal_wall_us(), BUILD_US + HOUR_US);
    clock_told(BUILD_US + AHEAD_US + 1);
    HAS_SAID("20 years after the build");
    assert_int_equal(hal_wall_us(), BUILD_US + HOUR_US);
}

// What a clock was ahead by it waits for.
static void test_stands_still(void **state) {
    (void)state;
    begin();
    clock_told(BUILD_US - 10 * SECOND_US);
    assert_int_equal(hal_wall_us(), BUILD_US);
    pass(9 * SECOND_US);
    assert_int_equal(hal_wall_us(), BUILD_US);
    pass(2 * SECOND_US);
    assert_int_equal(hal_wall_us(), BUILD_US + SECOND_US);
    clock_told(BUILD_US - 4 * SECOND_US);
    pass(4 * SECOND_US);
    assert_int_equal(hal_wall_us(), BUILD_US + SECOND_US);
    pass(2 * SECOND_US);
    assert_int_equal(hal_wall_us(), BUILD_US + 2 * SECOND_US);
}

static void test_rtc(void **state) {
    (void)state;
    begin();
    hal_wall_set(BUILD_US + HOUR_US);
    clock_start(false);
    assert_int_equal(hal_wall_us(), BUILD_US + HOUR_US);
    HAS_SAID("The clock says");
    hal_wall_set(0);
    hal_wall_set(946684800 * SECOND_US);  // one that has lost its battery
    clock_start(false);
    assert_int_equal(hal_wall_us(), 0);
    HAS_SAID("The clock is unknown");
}

// ---- What is kept -------------------------------------------------------------------------------

static void test_outlives_a_reset(void **state) {
    (void)state;
    begin();
    clock_told(BUILD_US + 100 * HOUR_US);
    clock_turn();
    reset();
    assert_int_equal(clock_floor_us(), BUILD_US + 100 * HOUR_US);
    assert_int_equal(hal_wall_us(), 0);
    clock_told(BUILD_US + 99 * HOUR_US);
    assert_int_equal(hal_wall_us(), 0);
    // What passes while the clock is unknown counts too.
    pass(HOUR_US);
    reset();
    assert_int_equal(clock_floor_us(), BUILD_US + 101 * HOUR_US);
    // Before a reset that is asked for, not only once an hour.
    pass(10 * SECOND_US);
    reset();
    assert_int_equal(clock_floor_us(), BUILD_US + 101 * HOUR_US);
    pass(10 * SECOND_US);
    clock_keep();
    reset();
    assert_int_equal(clock_floor_us(), BUILD_US + 101 * HOUR_US + 10 * SECOND_US);
}

static void test_format(void **state) {
    (void)state;
    begin();
    clock_turn();
    const uint8_t *record = flash.now + 3 * FLASH_SECTOR;
    uint8_t expected[RECORD_BYTES] = {'M',  'D',  'G',  'T',  0x1b, 0x04, 0x38, 0x38,
                                      0x00, 0x80, 0x98, 0x28, 0x17, 0x65, 0x06, 0x00};
    memset(expected + 16, 0xff, 16);
    assert_memory_equal(record, expected, RECORD_BYTES);
}

// Through more than both sectors, with a reset at each.
static void test_wears_evenly(void **state) {
    (void)state;
    begin();
    for (uint32_t hour = 0; hour < 5 * 2 * FLASH_SECTOR / RECORD_BYTES; hour++) {
        pass(HOUR_US);
        reset();
        assert_int_equal(clock_floor_us(), BUILD_US + (hour + 1) * HOUR_US);
    }
}

static void test_damage_is_passed_over(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        begin();
        pass(2 * HOUR_US);
        pass(2 * HOUR_US);
        flash.now[slots_end(&identity_slots) + RECORD_BYTES + i] ^= 0x10;
        reset();
        assert_int_equal(clock_floor_us(), BUILD_US + 2 * HOUR_US);
        pass(3 * HOUR_US);  // behind the damage
        reset();
        assert_int_equal(clock_floor_us(), BUILD_US + 5 * HOUR_US);
    }
}

// Power is cut in any operation: what was kept before is there, or what was to be.
static void test_cuts_of_power(void **state) {
    (void)state;
    for (uint32_t hours = 0; hours < 2 * FLASH_SECTOR / RECORD_BYTES + 3; hours++) {
        bool cut = true;
        for (uint32_t n = 1; cut; n++) {
            begin();
            for (uint32_t i = 0; i < hours; i++)
                pass(HOUR_US);
            uint64_t before_us = hours > 0 ? clock_floor_us() : BUILD_US;
            flash_on();
            flash.cut_in = n;
            pass(HOUR_US);
            cut = flash_on();
            uint64_t after_us = now_us - 1000 + BUILD_US;
            reset();
            uint64_t found_us = clock_floor_us();
            assert_true(found_us == before_us || found_us == after_us);
            pass(4 * HOUR_US);
            uint64_t known_us = clock_floor_us();
            reset();
            assert_int_equal(clock_floor_us(), known_us);
        }
    }
}

static void test_without_room(void **state) {
    (void)state;
    uint32_t bytes = flash.geometry.bytes;
    flash.geometry.bytes = 4 * FLASH_SECTOR;
    begin();
    pass(2 * HOUR_US);
    reset();
    assert_int_equal(clock_floor_us(), BUILD_US);
    flash.geometry.bytes = bytes;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_at_first),
        cmocka_unit_test(test_a_server_tells),
        cmocka_unit_test(test_what_lies_behind_is_refused),
        cmocka_unit_test(test_stands_still),
        cmocka_unit_test(test_rtc),
        cmocka_unit_test(test_outlives_a_reset),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_wears_evenly),
        cmocka_unit_test(test_damage_is_passed_over),
        cmocka_unit_test(test_cuts_of_power),
        cmocka_unit_test(test_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
