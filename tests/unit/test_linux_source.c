// The files of a configuration: where an include is looked for, what is read, and the digest.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "boards/linux/sha256.c"
#include "boards/linux/source.c"

const char *reason(int error) {
    return strerror(error);
}

// As Go's filepath.Join and filepath.Dir have it.
static void test_join(void **state) {
    (void)state;
    static const struct {
        const char *from, *path, *found;
    } cases[] = {
        {"u.conf", "a", "a"},
        {"u.conf", "./a", "a"},
        {"u.conf", "../a", "../a"},
        {"u.conf", "../../a", "../../a"},
        {"u.conf", "b/../a", "a"},
        {"u.conf", "b/../../a", "../a"},
        {"u.conf", "/etc/a", "etc/a"},
        {"u.conf", "", "."},
        {"u.conf", ".", "."},
        {"u.conf", "b//c/", "b/c"},
        {"d/u.conf", "a", "d/a"},
        {"d/u.conf", "../a", "a"},
        {"d/u.conf", "../../a", "../a"},
        {"d/u.conf", "/a", "d/a"},
        {"./d/u.conf", "a", "d/a"},
        {"/u.conf", "a", "/a"},
        {"/u.conf", "../a", "/a"},
        {"/u.conf", "..", "/"},
        {"/d/e/u.conf", "../a", "/d/a"},
        {"/d/e/u.conf", "../../../a", "/a"},
        {"../u.conf", "../a", "../../a"},
        {"d/../u.conf", "a", "a"},
        {"/d/u.conf", "", "/d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[64];
        const char *path = cases[i].path;
        assert_true(join(name, sizeof name, cases[i].from, path, (uint32_t)strlen(path)));
        assert_string_equal(name, cases[i].found);
    }
    char name[8];
    assert_true(join(name, sizeof name, "u.conf", "abcdefg", 5));
    assert_false(join(name, sizeof name, "u.conf", "abcdefg", 7));
}

static void write_file(const char *name, const char *text, size_t bytes) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    fclose(file);
}

static void test_read(void **state) {
    (void)state;
    static char large[100000];
    char directory[] = "/tmp/midge-source-XXXXXX";
    struct midge_source first, again, included;
    char name[64];
    memset(large, 'x', sizeof large);
    assert_non_null(mkdtemp(directory));
    snprintf(name, sizeof name, "%s/u.conf", directory);
    write_file(name, large, sizeof large);
    assert_null(source_read(name, &first));
    assert_int_equal(first.bytes, sizeof large);
    assert_memory_equal(first.text, large, sizeof large);
    assert_string_equal(first.name, name);
    assert_null(source_read(name, &again));
    assert_ptr_equal(again.text, first.text);
    assert_null(source_include(NULL, name, "./x/../u.conf", 13, &included));
    assert_ptr_equal(included.text, first.text);
    assert_non_null(source_include(NULL, name, "v.conf", 6, &included));
    assert_int_equal(unlink(name), 0);
    source_release();
    assert_non_null(strstr(source_read(name, &first), "u.conf: No such file or directory"));
    assert_non_null(strstr(source_read(directory, &first), ": Is a directory"));
    assert_int_equal(rmdir(directory), 0);
}

static void test_variable(void **state) {
    (void)state;
    setenv("MIDGE_A", "1", 1);
    assert_string_equal(source_variable(NULL, "MIDGE_AB", 7), "1");
    assert_null(source_variable(NULL, "MIDGE_AB", 8));
}

// FIPS 180-4's examples, and a million times the same letter in pieces of every size.
static void test_digest(void **state) {
    (void)state;
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char name[] = "/tmp/midge-digest-XXXXXX";
    close(mkstemp(name));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct midge_source source;
        char text[80];
        write_file(name, cases[i].text, strlen(cases[i].text));
        assert_null(source_read(name, &source));
        source_digest(text, sizeof text);
        assert_memory_equal(text, "sha256:", 7);
        assert_string_equal(text + 7, cases[i].digest);
        source_release();
    }
    unlink(name);
    static const uint8_t expected[] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92};
    static char letters[1000];
    struct sha256 sha;
    uint8_t digest[32];
    memset(letters, 'a', sizeof letters);
    sha256_begin(&sha);
    for (size_t left = 1000000, piece = 1; left > 0; piece = piece % 999 + 1) {
        size_t n = piece < left ? piece : left;
        sha256_add(&sha, letters, n);
        left -= n;
    }
    sha256_end(&sha, digest);
    assert_memory_equal(digest, expected, sizeof expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_variable),
        cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
