// The kept configurations, put to nats-server -t: what the cases say of it is true. Skipped where
// it was not fetched.

#include "tests/unit/conf/reading.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/conf/cases.h"

#define REFERENCE "build/cache/nats-server-2.15/nats-server"

static char reference[4096];  // its path
static char directory[] = "/tmp/midge-conf-XXXXXX";
static char root[4096];

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

// Runs it on u.conf, and puts what it says into `answer`, where a NUL stands for the end of the
// text.
static int ask(char *answer, size_t max) {
    char *const argv[] = {reference, "-t", "-c", "u.conf", NULL};
    extern char **environ;
    posix_spawn_file_actions_t actions;
    int ends[2], status;
    pid_t pid;
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(posix_spawn(&pid, reference, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    size_t n = 0;
    char byte;
    while (read(ends[0], &byte, 1) == 1) {
        assert_true(n + 4 < max);
        if (byte == '\0')
            n += (size_t)sprintf(answer + n, "EOF");
        else
            answer[n++] = byte;
    }
    answer[n] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Sorts lines, since Go's maps have no order, into one text. Of each the first `skip` bytes are
// left out; R lines and the sentence about a good file too; of `words`, all but the place.
static void normalise(char *text, size_t skip, bool words, char *to) {
    char *lines[64];
    size_t count = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        bool mine = skip > 0 && line[0] == 'R';
        if (line[0] == '\0' || mine || strstr(line, " is valid (sha256:") != NULL)
            continue;
        lines[count] = line + skip;
        int place = 0;
        if (words)
            sscanf(lines[count], "%*[^:]:%*d:%*d:%n", &place);
        if (place > 0)
            lines[count][place] = '\0';
        count++;
    }
    qsort(lines, count, sizeof lines[0], by_text);
    to[0] = '\0';
    for (size_t i = 0; i < count; i++)
        sprintf(to + strlen(to), "%s\n", lines[i]);
}

static void compare(const char *path) {
    static struct one_case c;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (next_case(file, &c)) {
        static char answer[65536], theirs[65536], ours[65536];
        static const char name[] = "nats-server: ";
        bool words = strstr(c.differs, "words") != NULL, same = false;
        int status, tries = strstr(c.differs, "chance") != NULL ? 64 : 1;
        write_file("u.conf", c.text);
        normalise(c.complaints, 2, words, ours);
        while (!same && tries-- > 0) {
            status = ask(answer, sizeof answer);
            size_t named = strncmp(answer, name, sizeof name - 1) == 0 ? sizeof name - 1 : 0;
            normalise(answer + named, 0, words, theirs);
            same = strcmp(theirs, ours) == 0 && (status != 0) == (ours[0] != '\0');
        }
        if (same == (strcmp(c.differs, "own") == 0))
            fail_msg("%s:\n%s\n-- nats-server says with status %d\n%s-- and we%s\n%s", path, c.text,
                     status, theirs, same ? ", though marked otherwise," : "", ours);
    }
    fclose(file);
}

static void test_reference(void **state) {
    (void)state;
    char path[8192];
    static const char *const names[] = {"grammar", "variables", "options", "authorization"};
    if (access(REFERENCE, X_OK) != 0)
        skip();
    assert_non_null(getcwd(root, sizeof root));
    snprintf(reference, sizeof reference, "%.4000s/%s", root, REFERENCE);
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        write_file(files[i].name, files[i].text);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i].name, variables[i].text, 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/tests/unit/conf/%s.cases", root, names[i]);
        compare(path);
    }
    assert_int_equal(chdir(root), 0);
    snprintf(path, sizeof path, "rm -r %s", directory);
    assert_int_equal(system(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
