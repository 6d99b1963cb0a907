// bcrypt, by vectors that others published and by others of Python's bcrypt.

#include "tests/unit/broker.h"

#include "broker/auth/bcrypt.h"

static struct bcrypt work;

// Whether a password is that of a hash, computed in slices of so many encryptions.
static bool matches(const char *hash, const char *password, uint32_t n, uint32_t slice) {
    if (!bcrypt_begin(&work, hash, (const uint8_t *)password, n))
        return false;
    while (!bcrypt_step(&work, slice))
        ;
    return bcrypt_matches(&work);
}

static const struct {
    const char *hash, *password;
} vectors[] = {
    // OpenBSD's, as jBCrypt's tests and golang.org/x/crypto/bcrypt have them.
    {"$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""},
    {"$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"},
    {"$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc"},
    {"$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC", "abcdefghijklmnopqrstuvwxyz"},
    {"$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
     "~!@#$%^&*()      ~!@#$%^&*()PNBFRD"},
};

static void test_published(void **state) {
    (void)state;
    for (uint32_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const char *password = vectors[i].password;
        uint32_t n = (uint32_t)strlen(password);
        assert_true(matches(vectors[i].hash, password, n, 1000));
        assert_false(matches(vectors[i].hash, "abd", 3, 1000));
    }
}

// However the work is cut, it comes to the same.
static void test_slices(void **state) {
    (void)state;
    for (uint32_t slice = 1; slice < 2000; slice = slice * 3 + 1)
        assert_true(matches(vectors[2].hash, "abc", 3, slice));
}

static void test_what_is_a_hash(void **state) {
    (void)state;
    assert_true(bcrypt_is_hash("$2a$10$"));
    assert_true(bcrypt_is_hash("$2b$04$x"));
    assert_true(bcrypt_is_hash("$2x$99$"));
    assert_true(bcrypt_is_hash("$2y$00$"));
    static const char *const none[] = {"",        "$",      "$2",      "$2a",     "$2a$",
                                       "$2a$1",   "$2a$10", "$2c$10$", "$3a$10$", "2a$10$",
                                       "$2a$1x$", "$2$10$", "pass"};
    for (uint32_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(bcrypt_is_hash(none[i]));
    assert_int_equal(bcrypt_cost("$2a$07$"), 7);
    assert_int_equal(bcrypt_cost("$2a$31$"), 31);
}

// What looks like a hash and is none matches nothing, and is found out at once.
static void test_no_hash(void **state) {
    (void)state;
    const char *good = vectors[2].hash;
    char hash[80];
    for (uint32_t n = 7; n < 60; n++) {
        memcpy(hash, good, n);
        hash[n] = '\0';
        assert_false(bcrypt_begin(&work, hash, (const uint8_t *)"abc", 3));
    }
    static const char *const costs[] = {"00", "03", "32", "99"};
    for (uint32_t i = 0; i < 4; i++) {
        strcpy(hash, good);
        memcpy(hash + 4, costs[i], 2);
        assert_false(bcrypt_begin(&work, hash, (const uint8_t *)"abc", 3));
    }
    strcpy(hash, good);
    hash[10] = '!';
    assert_false(bcrypt_begin(&work, hash, (const uint8_t *)"abc", 3));
    strcpy(hash, good);
    hash[59] ^= 1;
    assert_false(matches(hash, "abc", 3, 1000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_what_is_a_hash),
        cmocka_unit_test(test_no_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
