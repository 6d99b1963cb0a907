// The kept configurations, each with all that is said of it.

#include "tests/unit/conf/reading.h"

#include "tests/unit/conf/cases.h"

static void check_file(const char *path, int least) {
    static struct one_case c;
    FILE *file = fopen(path, "r");
    int count = 0;
    assert_non_null(file);
    for (; next_case(file, &c); count++) {
        bool good = read_text(c.text);
        if (strcmp(said, c.complaints) != 0)
            fail_msg("%s:\n%s\n-- is said to be\n%s-- but should\n%s", path, c.text, said,
                     c.complaints);
        assert_int_equal(good, strstr(said, "E ") != said && strstr(said, "\nE ") == NULL);
    }
    fclose(file);
    assert_true(count >= least);
}

static void test_grammar(void **state) {
    (void)state;
    check_file("tests/unit/conf/grammar.cases", 100);
}

static void test_variables(void **state) {
    (void)state;
    check_file("tests/unit/conf/variables.cases", 50);
}

static void test_options(void **state) {
    (void)state;
    check_file("tests/unit/conf/options.cases", 70);
}

static void test_authorization(void **state) {
    (void)state;
    check_file("tests/unit/conf/authorization.cases", 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_authorization),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
