// What is measured about a server process, and how a case reports it: CPU time from the process's
// own clock (nanoseconds, all threads, also those that have ended), resident memory from
// smaps_rollup. A case prints one line, `name key=value ...`, or fails with a sentence.
#pragma once

#include <stdint.h>
#include <sys/types.h>

// The server under test, and for how long a case is measured.
struct target {
    uint16_t port;
    pid_t pid;  // 0: unknown, and then nothing about its CPU and memory is reported
    double seconds;
    char **command;  // for the case that measures a start: starts the server on `port`,
    int core;        // and there
};

// Between two calls: time, the server's CPU time and the generator's own, in nanoseconds.
struct meter {
    uint64_t wall, server, own;
};

uint64_t now_ns(void);
uint64_t rss_bytes(pid_t pid);

void meter_start(struct meter *m, pid_t server);
void meter_stop(struct meter *m,
                pid_t server);  // turns the readings of meter_start into differences

void report(const char *key, double value);
// How busy the server's core was, its CPU time for each of that many events, its memory now.
void report_server(const struct meter *m, pid_t server, double events);
// How busy the generator's core was.
void report_generator(const struct meter *m);

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
