// The load generator: runs one case against one server and prints one line.
#include "cases.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// OpenSSL's own order begins with AES of 256 bits, Go's with that of 128.
#define AS_GO \
    { "1.3", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256", false }

static const struct {
    const char *name;
    void (*run)(const struct target *t, const struct shape *s);
    struct shape shape;
} cases[] = {
    {"publish-16", run_flow, {.size = 16, .publishers = 1}},
    {"1to1-16", run_flow, {.size = 16, .publishers = 1, .subscribers = 1}},
    {"1to1-128", run_flow, {.size = 128, .publishers = 1, .subscribers = 1}},
    {"1to1-1024", run_flow, {.size = 1024, .publishers = 1, .subscribers = 1}},
    {"1to1-8192", run_flow, {.size = 8192, .publishers = 1, .subscribers = 1}},
    {"1to10-16", run_flow, {.size = 16, .publishers = 1, .subscribers = 10}},
    {"1to10-128", run_flow, {.size = 128, .publishers = 1, .subscribers = 10}},
    {"1to100-16", run_flow, {.size = 16, .publishers = 1, .subscribers = 100}},
    {"4to4-16", run_flow, {.size = 16, .publishers = 4, .subscribers = 1}},
    {"queue4-16", run_flow, {.size = 16, .publishers = 1, .subscribers = 4, .queue = 1}},
    {"request-1", run_request, {.size = 16, .requesters = 1, .in_flight = 1}},
    {"request-64", run_request, {.size = 16, .requesters = 1, .in_flight = 64}},
    {"request-64x1", run_request, {.size = 16, .requesters = 64, .in_flight = 1}},
    {"wild-100", run_wild, {.subscriptions = 100, .levels = 5}},
    {"wild-1000", run_wild, {.subscriptions = 1000, .levels = 5}},
    {"wild-10000", run_wild, {.subscriptions = 10000, .levels = 5}},
    {"wild-100000", run_wild, {.subscriptions = 100000, .levels = 5}},
    {"tree-10000", run_wild, {.subscriptions = 10000, .levels = 4}},
    {"tree-100000", run_wild, {.subscriptions = 100000, .levels = 4}},
    {"memory", run_memory, {0}},
    {"connect-1", run_connect, {.clients = 1}},
    {"connect-64", run_connect, {.clients = 64}},
    {"start", run_start, {0}},
    {"tls-128", run_flow, {.size = 128, .publishers = 1, .subscribers = 1, .secure = {"1.3"}}},
    {"tls-1024", run_flow, {.size = 1024, .publishers = 1, .subscribers = 1, .secure = {"1.3"}}},
    {"tls-go-128", run_flow, {.size = 128, .publishers = 1, .subscribers = 1, .secure = AS_GO}},
    {"tls-go-1024", run_flow, {.size = 1024, .publishers = 1, .subscribers = 1, .secure = AS_GO}},
    {"handshake-1.2", run_connect, {.clients = 16, .secure = {"1.2"}}},
    {"handshake-1.3", run_connect, {.clients = 16, .secure = {"1.3"}}},
    {"resume-1.2", run_connect, {.clients = 16, .secure = {"1.2", .resumes = true}}},
    {"resume-1.3", run_connect, {.clients = 16, .secure = {"1.3", .resumes = true}}},
    {"tls-crowd-2000", run_crowd, {.size = 128, .clients = 2000, .secure = {"1.3"}}},
};

enum { CASES = sizeof cases / sizeof *cases };

static _Noreturn void usage(void) {
    fputs("usage: generator --case NAME --port PORT [--pid SERVER] [--seconds S]\n"
          "       generator --case start --port PORT --core CORE -- COMMAND...\n"
          "       generator --self --port PORT\n"
          "COMMAND starts a server on PORT; --self is one, the bare loop. Cases:",
          stderr);
    for (int i = 0; i < CASES; i++)
        fprintf(stderr, " %s", cases[i].name);
    fputc('\n', stderr);
    exit(2);
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"case", required_argument, NULL, 'c'},
        {"port", required_argument, NULL, 'p'},
        {"pid", required_argument, NULL, 'i'},
        {"seconds", required_argument, NULL, 's'},
        {"core", required_argument, NULL, 'o'},
        {"self", no_argument, NULL, 'b'},
        {0},
    };
    struct target target = {.seconds = 2};
    const char *name = "";
    bool self = false;
    for (int o; (o = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        switch (o) {
        case 'c':
            name = optarg;
            break;
        case 'p':
            target.port = (uint16_t)atoi(optarg);
            break;
        case 'i':
            target.pid = atoi(optarg);
            break;
        case 's':
            target.seconds = atof(optarg);
            break;
        case 'o':
            target.core = atoi(optarg);
            break;
        case 'b':
            self = true;
            break;
        default:
            usage();
        }
    }
    target.command = argv + optind;
    if (target.port == 0)
        usage();
    if (self)
        bare_serve(target.port);
    for (int i = 0; i < CASES; i++) {
        if (strcmp(name, cases[i].name) == 0) {
            printf("%s", name);
            cases[i].run(&target, &cases[i].shape);
            putchar('\n');
            return 0;
        }
    }
    usage();
}
