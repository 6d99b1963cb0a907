// What a chip keeps in slots of its flash: what is written is read, wherever power is cut it is the
// old text or the new one, what is new has one start unless it is kept, and a slot is as slots.h
// has it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SETTINGS_SLOT_BYTES 2048

#include "boards/chip/settings.c"
#include "boards/chip/slots.c"
#include "tests/unit/flash.h"

static char found[SETTINGS_TEXT_MAX];
static struct slots_work work;

static void write(const char *text) {
    slots_write(&work, &settings_slots, text, (uint32_t)strlen(text));
    assert_int_equal(slots_finish(&work), 0);
}

// Whether it will be on trial.
static bool try(const char *text) {
    bool on_trial = slots_try(&work, &settings_slots, text, (uint32_t)strlen(text));
    assert_int_equal(slots_finish(&work), 0);
    return on_trial;
}

static bool reads_as(enum slots_state state, const char *text) {
    int32_t n = slots_read(&settings_slots, state, found, sizeof found);
    if (text == NULL)
        return n < 0;
    return n == (int32_t)strlen(text) && memcmp(found, text, strlen(text)) == 0;
}

static bool reads(const char *text) {
    return reads_as(SLOTS_KEPT, text);
}

// Whether a start runs so, and with that.
static bool starts(enum slots_state state, const char *text) {
    return slots_start(&settings_slots) == state && reads_as(state, text);
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
            slots_write(&work, &settings_slots, long_text, sizeof long_text);
            assert_int_equal(slots_finish(&work), 0);
            assert_int_equal(slots_read(&settings_slots, SLOTS_KEPT, found, sizeof found),
                             sizeof found);
            assert_memory_equal(found, long_text, sizeof found);
            slots_erase(&work, &settings_slots);
            assert_int_equal(slots_finish(&work), 0);
            assert_true(reads(NULL));
        }
    }
    flash.geometry.program_bytes = 64;
    slots_write(&work, &settings_slots, "", 0);
    assert_int_equal(slots_finish(&work), HAL_ERR_INVALID);
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
    struct slots_header *h = (struct slots_header *)(flash.now + 2 * FLASH_SECTOR);
    h->number = little(UINT32_MAX - 1);
    h->crc = little(~slots_crc(crc_of_header(h), text, little(h->bytes)));
    for (int i = 1; i < 8; i++) {
        assert_true(reads(text));
        text[3] = (char)('0' + i);
        write(text);
    }
    assert_true(reads(text));
}

static void test_damage_is_noticed(void **state) {
    (void)state;
    for (uint32_t i = 0; i < SLOTS_HEADER_BYTES + 10; i++) {
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
                slots_write(&work, &settings_slots, new, (uint32_t)strlen(new));
            else
                slots_erase(&work, &settings_slots);
            int32_t answer = slots_finish(&work);
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

// ---- Trials -------------------------------------------------------------------------------------

static void test_trial(void **state) {
    (void)state;
    flash_new();
    assert_true(starts(SLOTS_EMPTY, NULL));
    assert_int_equal(slots_keep(&settings_slots), HAL_ERR_IO);
    assert_false(try("first"));  // nothing is beside it
    assert_true(starts(SLOTS_KEPT, "first"));
    for (flash.looks = 0; flash.looks < 3; flash.looks++) {
        write("old");
        assert_true(try("new"));
        assert_true(reads("old"));
        assert_true(starts(SLOTS_ON_TRIAL, "new"));
        for (int i = 0; i < 3; i++)
            assert_true(starts(SLOTS_BACK, "old"));
        assert_true(try("newer"));
        assert_true(try("newest"));  // before it had its start
        assert_true(starts(SLOTS_ON_TRIAL, "newest"));
        assert_int_equal(slots_keep(&settings_slots), 0);
        assert_true(reads_as(SLOTS_ON_TRIAL, "newest"));
        for (int i = 0; i < 3; i++)
            assert_true(starts(SLOTS_KEPT, "newest"));
        assert_true(try("another"));
        assert_true(starts(SLOTS_ON_TRIAL, "another"));
        assert_true(starts(SLOTS_BACK, "newest"));
        slots_erase(&work, &settings_slots);
        assert_int_equal(slots_finish(&work), 0);
        assert_true(starts(SLOTS_EMPTY, NULL));
    }
    flash.looks = 0;
}

static void test_marks(void **state) {
    (void)state;
    const uint8_t *slot = flash.now + 2 * FLASH_SECTOR + SETTINGS_SLOT_BYTES;
    const uint8_t *marks = slot + SETTINGS_SLOT_BYTES - 64;
    uint8_t erased[64], zeros[32] = {0};
    memset(erased, 0xff, sizeof erased);
    flash_new();
    write("old");
    try("new");
    assert_int_equal(slot[4], 2);
    assert_memory_equal(marks, erased, 64);
    slots_start(&settings_slots);
    assert_memory_equal(marks, zeros, 32);
    assert_memory_equal(marks + 32, erased, 32);
    slots_keep(&settings_slots);
    assert_memory_equal(marks + 32, zeros, 32);
}

static void test_the_kept_is_damaged(void **state) {
    (void)state;
    flash_new();
    write("old");
    try("new");
    assert_true(starts(SLOTS_ON_TRIAL, "new"));
    flash.now[2 * FLASH_SECTOR] ^= 1;
    assert_true(starts(SLOTS_KEPT, "new"));
    assert_true(try("newer"));
    assert_true(starts(SLOTS_ON_TRIAL, "newer"));
    assert_true(starts(SLOTS_BACK, "new"));
}

// Another kind lies behind the first, and neither touches the other.
static void test_kinds(void **state) {
    (void)state;
    static const struct slots others = {0x12345678, 1024, &settings_slots};
    flash_new();
    assert_int_equal(slots_end(&settings_slots), 2 * FLASH_SECTOR + 2 * SETTINGS_SLOT_BYTES);
    assert_int_equal(slots_end(&others), slots_end(&settings_slots) + 2 * 1024);
    write("text");
    slots_write(&work, &others, "other", 5);
    assert_int_equal(slots_finish(&work), 0);
    slots_try(&work, &others, "another", 7);
    assert_int_equal(slots_finish(&work), 0);
    assert_true(starts(SLOTS_KEPT, "text"));
    assert_int_equal(slots_start(&others), SLOTS_ON_TRIAL);
    assert_int_equal(slots_read(&others, SLOTS_ON_TRIAL, found, sizeof found), 7);
    assert_memory_equal(found, "another", 7);
    assert_true(starts(SLOTS_KEPT, "text"));
    assert_int_equal(slots_read(&others, SLOTS_ON_TRIAL, found, 6), HAL_ERR_IO);
}

// Cuts power in each operation of a start and of the word that it has worked.
static void test_cuts_of_trials(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        for (uint32_t n = 1; n <= 2; n++) {
            flash_new();
            write("old");
            assert_true(try("new"));
            flash_on();
            flash.cut_in = n;
            slots_start(&settings_slots);
            assert_true(flash_on());
            // It begins again, or is over; and then it is over.
            if (slots_start(&settings_slots) == SLOTS_ON_TRIAL)
                assert_true(reads_as(SLOTS_ON_TRIAL, "new"));
            assert_true(starts(SLOTS_BACK, "old"));

            assert_true(try("new"));
            assert_true(starts(SLOTS_ON_TRIAL, "new"));
            flash.cut_in = n;
            assert_int_equal(slots_keep(&settings_slots), HAL_ERR_IO);
            assert_true(flash_on());
            bool kept = starts(SLOTS_KEPT, "new");
            assert_true(kept || starts(SLOTS_BACK, "old"));
            assert_true(starts(kept ? SLOTS_KEPT : SLOTS_BACK, kept ? "new" : "old"));
        }
    }
}

// And in each of a write beside what had its trial.
static void test_cuts_after_a_trial(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 100; round++) {
        bool cut = true;
        for (uint32_t n = 1; cut; n++) {
            flash_new();
            write("old");
            try("failed");
            assert_true(starts(SLOTS_ON_TRIAL, "failed"));
            assert_true(starts(SLOTS_BACK, "old"));
            flash_on();
            flash.cut_in = n;
            slots_try(&work, &settings_slots, "new", 3);
            slots_finish(&work);
            cut = flash_on();
            assert_true(reads("old"));
            if (slots_start(&settings_slots) == SLOTS_ON_TRIAL)
                assert_true(reads_as(SLOTS_ON_TRIAL, "new") ||
                            (cut && reads_as(SLOTS_ON_TRIAL, "failed")));
            else
                assert_true(cut);
            assert_true(slots_start(&settings_slots) != SLOTS_ON_TRIAL && reads("old"));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_number_wraps),
        cmocka_unit_test(test_damage_is_noticed),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_trial),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_the_kept_is_damaged),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_cuts_of_trials),
        cmocka_unit_test(test_cuts_after_a_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
