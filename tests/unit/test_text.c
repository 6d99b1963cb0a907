// Interned texts of every length that takes up to five cells: stored once, found, counted, freed.

#include "tests/unit/broker.h"

#define LONGEST 100
#define KINDS 3

static uint8_t bytes[KINDS][LONGEST];

static index_t hold(struct midge *m, uint32_t kind, uint32_t n) {
    return text_hold(m, bytes[kind], n);
}

static void test_every_length(void **state) {
    (void)state;
    struct midge *m = broker_start(1000, 256);
    static index_t held[KINDS][LONGEST];
    uint8_t copy[LONGEST];
    index_t used = m->pools[POOL_texts].used;
    // Texts that differ in their last byte only.
    for (uint32_t kind = 0; kind < KINDS; kind++)
        memset(bytes[kind], 'a', LONGEST);
    for (uint32_t n = 1; n < LONGEST; n++) {
        for (uint32_t kind = 0; kind < KINDS; kind++) {
            bytes[kind][n - 1] = (uint8_t)('b' + kind);
            index_t t = held[kind][n] = hold(m, kind, n);
            assert_int_not_equal(t, 0);
            assert_int_equal(hold(m, kind, n), t);
            assert_int_equal(text_find(m, text_hash(m->seed, bytes[kind], n), bytes[kind], n), t);
            assert_true(text_equals(m, t, bytes[kind], n));
            assert_false(text_equals(m, t, bytes[kind], n - 1));
            assert_false(text_equals(m, t, bytes[(kind + 1) % KINDS], n));
            assert_int_equal(text_copy(m, t, copy, sizeof copy), n);
            assert_memory_equal(copy, bytes[kind], n);
            assert_int_equal(text_copy(m, t, copy, n / 2), n);
            bytes[kind][n - 1] = 'a';
        }
    }
    // The table has grown by splitting its buckets: all are still found.
    for (uint32_t n = 1; n < LONGEST; n++) {
        for (uint32_t kind = 0; kind < KINDS; kind++) {
            bytes[kind][n - 1] = (uint8_t)('b' + kind);
            uint32_t hash = text_hash(m->seed, bytes[kind], n);
            assert_int_equal(text_find(m, hash, bytes[kind], n), held[kind][n]);
            text_drop(m, held[kind][n]);
            assert_int_equal(text_find(m, hash, bytes[kind], n), held[kind][n]);
            text_drop(m, held[kind][n]);
            assert_int_equal(text_find(m, hash, bytes[kind], n), 0);
            bytes[kind][n - 1] = 'a';
        }
    }
    assert_int_equal(m->pools[POOL_texts].used, used);
}

static void test_full(void **state) {
    (void)state;
    struct midge *m = broker_start(1000, 256);
    index_t used = m->pools[POOL_texts].used;
    memset(bytes[0], 'x', LONGEST);
    m->pools[POOL_texts].limit = (index_t)(used + 2);
    assert_int_equal(hold(m, 0, LONGEST), 0);  // takes more than two cells
    assert_int_equal(m->pools[POOL_texts].used, used);
    assert_int_not_equal(hold(m, 0, TEXT_FIRST_BYTES + 1), 0);
    assert_int_equal(m->pools[POOL_texts].used, used + 2);
    assert_int_not_equal(hold(m, 0, TEXT_FIRST_BYTES + 1), 0);  // it is there
    assert_int_equal(hold(m, 0, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
