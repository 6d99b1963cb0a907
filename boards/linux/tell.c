#include "boards/linux/tell.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boards/linux/logfile.h"

#define PIDS_MAX 1024

static int signal_of(const char *word) {
    static const struct {
        const char *word;
        int number;
    } words[] = {
        {"stop", SIGKILL},  {"quit", SIGINT}, {"reopen", SIGUSR1},
        {"reload", SIGHUP}, {"ldm", SIGUSR2}, {"term", SIGTERM},
    };
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].number;
    }
    return -1;
}

// Reads the beginning of a file; answers whether there is one.
static bool read_file(const char *path, char *text, size_t max) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, max - 1);
    close(fd);
    if (n < 0)
        return false;
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    text[n] = '\0';
    return true;
}

// Finds the processes of this name, but for this one.
static uint32_t find_processes(const struct command *command, int pids[PIDS_MAX]) {
    uint32_t count = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        command_fail(command, "unable to resolve pid, try providing one");
    for (struct dirent *entry; (entry = readdir(proc)) != NULL && count < PIDS_MAX;) {
        char path[sizeof entry->d_name + 16];
        char name[32];
        int pid = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
        // The kernel keeps 15 characters of a name.
        if (pid > 0 && pid != getpid() && read_file(path, name, sizeof name) &&
            strncmp(name, command->name, 15) == 0)
            pids[count++] = pid;
    }
    closedir(proc);
    return count;
}

static bool is_number(const char *text) {
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

// The processes that an expression means: a number, the beginning of one and a `*`, or, where it is
// empty, the only one that runs.
static uint32_t resolve(const struct command *command, char *expression, int pids[PIDS_MAX]) {
    size_t n = strlen(expression);
    bool glob = n > 0 && expression[n - 1] == '*';
    if (glob)
        expression[n - 1] = '\0';
    if (expression[0] != '\0' && !is_number(expression))
        command_fail(command, "invalid pid: %s", expression);
    if (expression[0] != '\0' && !glob) {
        pids[0] = atoi(expression);
        return 1;
    }
    uint32_t found = find_processes(command, pids);
    if (found == 0)
        command_fail(command, "no %s processes running", command->name);
    if (found > 1 && !glob) {
        fprintf(stderr, "%s: multiple %s processes running:\n", command->name, command->name);
        for (uint32_t i = 0; i < found; i++)
            fprintf(stderr, "%d\n", pids[i]);
        exit(1);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < found; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", pids[i]);
        if (strncmp(text, expression, strlen(expression)) == 0)
            pids[count++] = pids[i];
    }
    return count;
}

void tell(const struct command *command) {
    char word[64];
    char expression[4096] = "";
    int pids[PIDS_MAX];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(command->signal, "="), command->signal);
    const char *where = strchr(command->signal, '=');
    if (where != NULL) {
        const char *more = strchr(where + 1, '=');
        if (more != NULL)
            command_fail(command, "invalid signal parameters: [%s]", more + 1);
        if (!read_file(where + 1, expression, sizeof expression))
            snprintf(expression, sizeof expression, "%s", where + 1);
    }
    uint32_t count = resolve(command, expression, pids);
    int number = signal_of(word);
    if (number < 0)
        command_fail(command, "unknown signal \"%s\"", word);
    bool failed = false;
    for (uint32_t i = 0; i < count; i++) {
        if (kill(pids[i], number) == 0)
            continue;
        if (!failed)
            fprintf(stderr, "%s: \n", command->name);
        fprintf(stderr, "signal \"%s\" %d: %s\n", word, pids[i], reason(errno));
        failed = true;
    }
    exit(failed);
}
