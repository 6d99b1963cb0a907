#include "sim/live/option.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sim/live/fault.h"

#define PREFIX "midge-sim-"

static char folder[2048];

static int compare(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_image(const struct dirent *entry) {
    return strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0;
}

static void find_folder(void) {
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
}

static void list_boards(FILE *to) {
    struct dirent **images;
    int n = scandir(folder, &images, is_image, compare);
    fprintf(to, "boards:");
    for (int i = 0; i < n; i++)
        fprintf(to, " %s", images[i]->d_name + strlen(PREFIX));
    fprintf(to, "\n");
}

static void usage(FILE *to) {
    fprintf(to,
            "usage: midge-sim --board NAME [OPTION VALUE]... [--FAULT NUMBER]...\n"
            "  -p, --port       where clients find it on 127.0.0.1: 4222, or -1 for any free port\n"
            "  -m, --http_port  and monitoring: 8222, or 0 for none\n"
            "      --seed       which all chance is taken from\n"
            "      --flash      a file that keeps the board's flash\n"
            "faults, which are commands too:\n");
    for (uint32_t i = 0; i < FAULTS; i++)
        fprintf(to, "  --%-13s%-8s %s\n", fault_name((enum fault)i), fault_argument((enum fault)i),
                fault_meaning((enum fault)i));
    list_boards(to);
}

static _Noreturn void refuse(const char *what, const char *why) {
    fprintf(stderr, "midge-sim: %s: %s\n", what, why);
    exit(1);
}

static int32_t port_of(const char *option, const char *text) {
    char *end;
    long port = strtol(text, &end, 10);
    if (end == text || *end != '\0' || port < -1 || port > 65535)
        refuse(option, "-1..65,535");
    return (int32_t)port;
}

static bool is(const char *option, const char *letter, const char *name) {
    return strcmp(option, letter) == 0 || strcmp(option, name) == 0;
}

static void take(struct options *o, const char *option, const char *value) {
    const char *wrong = NULL;
    char *end;
    if (value == NULL)
        refuse(option, "it wants a value");
    if (strcmp(option, "--board") == 0) {
        o->board = value;
    } else if (strcmp(option, "--flash") == 0) {
        o->flash = value;
    } else if (is(option, "-p", "--port")) {
        o->port = port_of(option, value);
    } else if (is(option, "-m", "--http_port")) {
        o->http_port = port_of(option, value);
    } else if (strcmp(option, "--seed") == 0) {
        o->seed = strtoull(value, &end, 0);
        wrong = *end == '\0' && end != value ? NULL : "a number";
    } else if (strncmp(option, "--", 2) == 0) {
        wrong = fault_set(option + 2, value);
    } else {
        wrong = "no such option; --help lists them";
    }
    if (wrong != NULL)
        refuse(option, wrong);
}

static void find_image(struct options *o) {
    const char *name = o->board != NULL ? o->board : "";
    int n = snprintf(o->image, sizeof o->image, "%s/" PREFIX "%s", folder, name);
    if (*name != '\0' && strchr(name, '/') == NULL && n < (int)sizeof o->image &&
        access(o->image, X_OK) == 0)
        return;
    fprintf(stderr, "midge-sim: --board NAME: %s\n",
            *name != '\0' ? "there is no such board" : "which?");
    list_boards(stderr);
    exit(1);
}

// A seed of few digits, so that it can be typed again.
static uint64_t choose_seed(void) {
    uint32_t seed;
    return getrandom(&seed, sizeof seed, 0) == sizeof seed ? seed : (uint64_t)time(NULL);
}

void option_read(struct options *o, int argc, char **argv) {
    find_folder();
    *o = (struct options){.port = 4222, .http_port = 8222, .seed = choose_seed()};
    for (int i = 1; i < argc; i += 2) {
        if (is(argv[i], "-h", "--help")) {
            usage(stdout);
            exit(0);
        }
        take(o, argv[i], argv[i + 1]);
    }
    find_image(o);
}
