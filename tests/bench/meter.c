#include "meter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        fail("the server has ended");
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t server_cpu_ns(pid_t pid) {
    clockid_t clock;
    if (pid == 0)
        return 0;
    if (clock_getcpuclockid(pid, &clock) != 0)
        fail("no process %d", (int)pid);
    return clock_ns(clock);
}

uint64_t rss_bytes(pid_t pid) {
    char line[128];
    unsigned long kib = 0;
    snprintf(line, sizeof line, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(line, "r");
    if (!f)
        fail("no process %d to read the memory of", (int)pid);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "Rss: %lu kB", &kib) == 1)
            break;
    fclose(f);
    return (uint64_t)kib * 1024;
}

void meter_start(struct meter *m, pid_t server) {
    m->server = server_cpu_ns(server);
    m->own = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    m->wall = now_ns();
}

void meter_stop(struct meter *m, pid_t server) {
    m->wall = now_ns() - m->wall;
    m->own = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - m->own;
    m->server = server_cpu_ns(server) - m->server;
}

void report(const char *key, double value) {
    printf(" %s=%.10g", key, value);
}

void report_server(const struct meter *m, pid_t server, double events) {
    if (server == 0)
        return;
    report("server_core", (double)m->server / (double)m->wall);
    report("cpu_ns", (double)m->server / events);
    report("rss", (double)rss_bytes(server));
}

void report_generator(const struct meter *m) {
    report("generator_core", (double)m->own / (double)m->wall);
}

void fail(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    fflush(stdout);
    fputs("\nfailed: ", stderr);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}
