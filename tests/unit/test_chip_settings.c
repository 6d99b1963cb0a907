// The configuration in a chip's flash: what is written is read, wherever power is cut it is the old
// text or the new one, and the header is as settings.h has it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SETTINGS_SLOT_BYTES 2048

#include "boards/chip/settings.c"
#include "tests/unit/flash.h"

static char found[SETTINGS_TEXT_MAX];
static struct settings_work work;

static void write(const char *text) {
    settings_write(&work, text, (uint32_t)strlen(text));
    assert_int_equal(settings_finish(&work), 0);
}

static bool reads(const char *text) {
    int32_t n = settings_read(found);
    if (text == NULL)
        return n < 0;
    return n == (int32_t)strlen(text) && memcmp(found, text, strlen(text)) == 0;
}

static void test_reads_what_was_written(void **state) {
    (void)state;
    char long_text[SETTINGS_TEXT_MAX];
    flash_new();
    assert_true(reads(NULL));
    for (flash.geometry.program_bytes = 1; flash.geometry.program_bytes <= 32;
         flash.geometry.program_bytes *= 2) {
        for (flash.looks = 0; flash.looks < 3; flash.looks++) {
            write("port: 4222");
            assert_true(reads("port: 4222"));
            write("");
            assert_true(reads(""));
            memset(long_text, '#', sizeof long_text);
            settings_write(&work, long_text, sizeof long_text);
            assert_int_equal(settings_finish(&work), 0);
            assert_int_equal(settings_read(found), sizeof found);
            assert_memory_equal(found, long_text, sizeof found);
            settings_erase(&work);
            assert_int_equal(settings_finish(&work), 0);
            assert_true(reads(NULL));
        }
    }
    flash.geometry.program_bytes = 64;
    settings_write(&work, "", 0);
    assert_int_equal(settings_finish(&work), HAL_ERR_INVALID);
    flash.geometry.program_bytes = 4;
    flash.looks = 0;
}

static void test_format(void **state) {
    (void)state;
    static const uint8_t first[] = {'M',  'D',  'G',  'C',  1,   0,   0,    0,   0,   0,
                                    0,    0,    5,    0,    0,   0,   0,    0,   0,   0,
                                    0xff, 0xff, 0xff, 0xff, 255, 255, 255,  255, 255, 255,
                                    255,  255,  'a',  ':',  ' ', '1', '\n', 0xff};
    const uint8_t *slot = flash.now + 2 * FLASH_SECTOR;
    flash_new();
    write("a: 1\n");
    uint8_t crc[] = {0x7f, 0xe7, 0x2c, 0xd9};
    assert_memory_equal(slot, first, 16);
    assert_memory_equal(slot + 16, crc, sizeof crc);
    assert_memory_equal(slot + 20, first + 20, sizeof first - 20);
    write("b: 1\n");
    assert_int_equal(slot[SETTINGS_SLOT_BYTES + 8], 1);
    assert_int_equal(slot[SETTINGS_SLOT_BYTES + 32], 'b');
}

static void test_number_wraps(void **state) {
    (void)state;
    char text[8] = "a: 0";
    flash_new();
    write(text);
    struct settings_header *h = (struct settings_header *)(flash.now + 2 * FLASH_SECTOR);
    h->number = little(UINT32_MAX - 1);
    h->crc = little(~settings_crc(crc_of_header(h), text, little(h->bytes)));
    for (int i = 1; i < 8; i++) {
        assert_true(reads(text));
        text[3] = (char)('0' + i);
        write(text);
    }
    assert_true(reads(text));
}

static void test_damage_is_noticed(void **state) {
    (void)state;
    for (uint32_t i = 0; i < SETTINGS_HEADER_BYTES + 10; i++) {
        flash_new();
        write("port: 4222");
        if (i >= 20 && i < 32)
            continue;  // that nobody reads
        flash.now[2 * FLASH_SECTOR + i] ^= 0x10;
        assert_true(reads(NULL));
    }
}

// Cuts power in each operation, with chance in what is torn, of a write or an erasure that begins
// with `old` in force; then it is done again, to the end.
static void cut_everywhere(const char *old, const char *new) {
    for (uint32_t round = 0; round < 50; round++) {
        bool cut = true;
        for (uint32_t n = 1; cut; n++) {
            flash_new();
            if (round % 2 == 1)
                write("something before");
            if (old != NULL)
                write(old);
            flash_on();
            flash.cut_in = n;
            if (new != NULL)
                settings_write(&work, new, (uint32_t)strlen(new));
            else
                settings_erase(&work);
            int32_t answer = settings_finish(&work);
            cut = flash_on();
            assert_int_equal(answer, cut ? HAL_ERR_IO : 0);
            assert_true(cut ? reads(old) || reads(new) : reads(new));
            write("another");
            assert_true(reads("another"));
        }
    }
}

static void test_cuts(void **state) {
    (void)state;
    static const char old[] =
        "port: 4222\nauthorization { user: a, password: b }\n# more than 64 B";
    static const char new[] =
        "port: 1\nauthorization { user: c, password: d }\n# and so is this one";
    for (flash.looks = 0; flash.looks < 2; flash.looks++) {
        cut_everywhere(old, new);
        cut_everywhere(old, NULL);
    }
    flash.looks = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_number_wraps),
        cmocka_unit_test(test_damage_is_noticed),
        cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
