// An application in the same process as the broker. A sensor (the machine's load) publishes through
// midge_publish, once a second; what anyone publishes on `sensors.>`, it and every client of the
// network, comes in through midge_subscribe and is printed.
//
//     make example
//     build/linux/sensor 4222
//     nats pub sensors.kitchen 21.5
//
// The loop is the hub's (boards/linux/serve.c) without its files and signals: turn after turn.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "port/port.h"

// Static, since it is large: pages that are not used cost nothing.
static struct midge midge;
static struct midge_config config;

static volatile sig_atomic_t second_passed;

_Noreturn void midge_panic(const char *file, int line) {
    dprintf(STDERR_FILENO, "%s:%d: assertion failed\n", file, line);
    abort();
}

static void on_alarm(int number) {
    (void)number;
    second_passed = 1;
}

// Signals come only while port_turn waits, which then returns; so nothing is interrupted.
static void alarm_every_second(void) {
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm, NULL);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{1, 0}, {1, 0}}, NULL);
}

static void measure(void) {
    char text[32];
    double load = 0;
    getloadavg(&load, 1);
    int n = snprintf(text, sizeof text, "%.2f", load);
    // A measurement that a full broker has no room for is only missing: there will be another.
    if (midge_publish(&midge, "sensors.load", NULL, text, (uint32_t)n) < 0)
        fprintf(stderr, "not published\n");
}

// A payload lies where it was received, perhaps in pieces.
static void print(void *context, const struct midge_message *message) {
    (void)context;
    printf("%.*s: ", (int)message->subject_bytes, message->subject);
    const uint8_t *piece;
    uint32_t n;
    for (uint32_t at = message->header_bytes; (piece = midge_payload(message, at, &n)); at += n)
        fwrite(piece, 1, n, stdout);
    printf("\n");
    fflush(stdout);
}

static void drain(struct midge *m) {
    enum midge_level level;
    char line[MIDGE_LOG_LINE_BYTES];
    while (midge_log(m, &level, line, sizeof line) > 0)
        fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv) {
    int32_t port = argc > 1 ? atoi(argv[1]) : 4222;
    midge_config_defaults(&config);
    config.entropy = port_entropy;
    if (port_init(config.limits.connections) < 0 || !midge_init(&midge, &config, port_now()) ||
        port_listen(MIDGE_CLIENT, "127.0.0.1", port) < 0 ||
        midge_subscribe(&midge, "sensors.>", NULL, print, NULL) < 0) {
        fprintf(stderr, "cannot serve on port %d\n", (int)port);
        return 1;
    }
    alarm_every_second();
    for (;;) {
        port_turn(&midge, drain);
        if (second_passed) {
            second_passed = 0;
            measure();
        }
    }
}
