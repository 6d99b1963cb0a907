// Entropy out of a seed in flash: ChaCha20 as RFC 8439 has it, no output that comes twice wherever
// power is cut, and none at all without a seed.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "hal/chacha20.c"
#include "hal/seed.c"
#include "tests/unit/flash.h"

#define BOOTS 200
#define OUTPUT_BYTES 16

static bool lent;

bool semihost_entropy(void *to, uint32_t n) {
    memset(to, 0x55, n);
    return lent;
}

static void boot(void) {
    flash_on();
    seed = UNKNOWN;
}

static void provision(uint8_t fill) {
    uint8_t bytes[HAL_SEED_BYTES];
    memset(bytes, fill, sizeof bytes);
    assert_true(hal_entropy_seed(bytes));
}

// RFC 8439, 2.3.2.
static void test_block(void **state) {
    (void)state;
    static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
    static const uint32_t expected[CHACHA20_BLOCK_WORDS] = {
        0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
        0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
        0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
    uint8_t bytes[32];
    uint32_t words[CHACHA20_KEY_WORDS], block[CHACHA20_BLOCK_WORDS];
    for (uint8_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i;
    memcpy(words, bytes, sizeof words);
    chacha20_block(words, 1, nonce, block);
    assert_memory_equal(block, expected, sizeof expected);
}

static void test_without_a_seed(void **state) {
    (void)state;
    uint8_t output[OUTPUT_BYTES];
    flash_new();
    boot();
    assert_false(hal_entropy(output, sizeof output));
    lent = true;
    assert_true(hal_entropy(output, sizeof output));
    assert_int_equal(output[OUTPUT_BYTES - 1], 0x55);
    lent = false;
    memset(flash.now, 0, sizeof flash.now);
    boot();
    assert_false(hal_entropy(output, sizeof output));
}

// What a seed of ones gives first, by another implementation of ChaCha20.
static void test_output(void **state) {
    (void)state;
    static const uint8_t expected[40] = {
        0x85, 0x54, 0x2a, 0x18, 0x31, 0xd5, 0x82, 0x8b, 0xf5, 0xc4, 0xc7, 0xed, 0x04, 0xbd,
        0x7a, 0x3a, 0xf7, 0xe3, 0xa4, 0x14, 0xb7, 0x08, 0x69, 0x71, 0xe3, 0x02, 0x1d, 0xd7,
        0x86, 0xaf, 0x4a, 0xb1, 0xa3, 0x92, 0x2f, 0xb6, 0xc6, 0x51, 0x2a, 0x77};
    uint8_t output[sizeof expected];
    flash_new();
    boot();
    provision(1);
    assert_true(hal_entropy(output, sizeof output));
    assert_memory_equal(output, expected, sizeof expected);
}

// Every boot is cut in its n-th operation, for each n, or not at all. What it drew, if it came to
// that, is unlike all before it.
static void test_nothing_comes_twice(void **state) {
    (void)state;
    static uint8_t drawn[BOOTS * 3][OUTPUT_BYTES];
    for (uint32_t cut_at = 0; cut_at <= 3; cut_at++) {
        uint32_t count = 0;
        flash_new();
        boot();
        provision((uint8_t)cut_at);
        for (uint32_t i = 0; i < BOOTS; i++) {
            boot();
            if (i % 3 > 0)
                flash.cut_in = cut_at;
            if (!hal_entropy(drawn[count], OUTPUT_BYTES)) {
                assert_true(flash_on());
                continue;
            }
            count++;
            assert_true(hal_entropy(drawn[count++], OUTPUT_BYTES));
        }
        assert_true(count >= BOOTS * 2 / 3);
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t j = 0; j < i; j++)
                assert_memory_not_equal(drawn[i], drawn[j], OUTPUT_BYTES);
        }
    }
}

static void test_wear(void **state) {
    (void)state;
    uint8_t output[OUTPUT_BYTES];
    for (flash.geometry.program_bytes = 1; flash.geometry.program_bytes <= RECORD_BYTES;
         flash.geometry.program_bytes *= 2) {
        flash_new();
        boot();
        provision(9);
        uint32_t before = flash.erasures[0] + flash.erasures[1];
        for (uint32_t i = 0; i < 10 * FLASH_SECTOR / RECORD_BYTES; i++) {
            boot();
            assert_true(hal_entropy(output, sizeof output));
        }
        assert_true(flash.erasures[0] + flash.erasures[1] - before <= 10);
    }
    flash.geometry.program_bytes = 4;
}

static void test_seed_again(void **state) {
    (void)state;
    uint8_t one[OUTPUT_BYTES], other[OUTPUT_BYTES];
    flash_new();
    for (uint8_t i = 0; i < 100; i++) {
        provision(i);
        boot();
        assert_true(hal_entropy(other, sizeof other));
        assert_memory_not_equal(one, other, sizeof one);
        memcpy(one, other, sizeof one);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),  cmocka_unit_test(test_without_a_seed),
        cmocka_unit_test(test_output), cmocka_unit_test(test_nothing_comes_twice),
        cmocka_unit_test(test_wear),   cmocka_unit_test(test_seed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
