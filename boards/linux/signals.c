#include "boards/linux/signals.h"

#include <signal.h>
#include <stdint.h>
#include <stddef.h>

static const struct {
    int number;
    const char *name;
} known[] = {
    {SIGINT, "interrupt"},
    {SIGTERM, "terminated"},
    {SIGHUP, "hangup"},
    {SIGUSR1, "user defined signal 1"},
    {SIGUSR2, "user defined signal 2"},
    {SIGALRM, "alarm clock"},
};

#define KNOWN (sizeof known / sizeof known[0])

static volatile sig_atomic_t noted[KNOWN];

static void note(int number) {
    for (uint32_t i = 0; i < KNOWN; i++) {
        if (known[i].number == number)
            noted[i] = 1;
    }
}

void signals_catch(void) {
    sigset_t all;
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&all);
    for (uint32_t i = 0; i < KNOWN; i++) {
        sigaddset(&all, known[i].number);
        sigaction(known[i].number, &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int signals_take(void) {
    for (uint32_t i = 0; i < KNOWN; i++) {
        if (noted[i]) {
            noted[i] = 0;
            return known[i].number;
        }
    }
    return 0;
}

const char *signals_name(int number) {
    for (uint32_t i = 0; i < KNOWN; i++) {
        if (known[i].number == number)
            return known[i].name;
    }
    return "";
}
