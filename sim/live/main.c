// midge-sim: a board in software, on host sockets, whose faults are chosen and come from a seed.
//
// It is three things on one loop: the board, which is a process that runs the chip's code
// (board.h), the wire with its faults (wire.h), and the network with the clients (gateway.h).

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sim/live/board.h"
#include "sim/live/command.h"
#include "sim/live/fault.h"
#include "sim/live/gateway.h"
#include "sim/live/now.h"
#include "sim/live/option.h"
#include "sim/live/terminal.h"
#include "sim/live/wire.h"

#define FRAMES_A_TURN 64
#define BEFORE_WRAP_US 5000000
#define TORN_WITHIN 8  // writes: as many as a short configuration takes

uint64_t now_us;

static volatile sig_atomic_t signalled;
static bool reads;  // standard input

static void look_at_clock(void) {
    static uint64_t start_us;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    if (start_us == 0)
        start_us = us;
    now_us = us - start_us;
}

// ---- Events -------------------------------------------------------------------------------------

static void strike(enum fault f, struct dice *dice) {
    uint64_t off_us = dice_between(dice, FAULT_US_MIN, FAULT_US_MAX);
    double off_s = (double)off_us / 1e6;
    switch (f) {
    case HALF_OPEN:
        if (!gateway_forget(dice))
            terminal_say("no client that could be gone");
        break;
    case LINK_FLAP:
        terminal_say("no link for %.1f s", off_s);
        board_unplug(off_us);
        break;
    case POWER_CUT:
        terminal_say("no power for %.1f s", off_s);
        board_cut(off_us, 0);
        break;
    case TORN_WRITE:
        board_inside->tear_in = dice_between(dice, 1, TORN_WITHIN);
        terminal_say("write %u to flash from now on will be torn", board_inside->tear_in);
        break;
    case CLOCK_WRAP:
        terminal_say("no power for %.1f s, and then a clock that is about to wrap", off_s);
        board_cut(off_us, (1ull << 32) * 1000 - BEFORE_WRAP_US);
        break;
    default:
        break;
    }
}

// ---- The loop -----------------------------------------------------------------------------------

static void move_frames(void) {
    static uint8_t frame[POSIX_FRAME_BYTES];
    uint32_t n;
    for (int i = 0; i < FRAMES_A_TURN && (n = board_take(frame)) > 0; i++)
        wire_send(FROM_BOARD, frame, n);
    const uint8_t *bytes;
    enum way way;
    while (wire_arrives(&way, &bytes, &n)) {
        if (way == TO_BOARD)
            board_give(bytes, n);
        else
            gateway_take(bytes, n);
    }
}

static void turn(void) {
    char heard[512];
    enum fault f;
    struct dice dice;
    uint32_t n;
    while (fault_strikes(&f, &dice))
        strike(f, &dice);
    if ((n = board_read(heard, sizeof heard)) > 0)
        terminal_hear(heard, n);
    board_turn();
    move_frames();
    gateway_turn();
    move_frames();
    terminal_turn();
}

// When something is due without an event.
static int wait_ms(void) {
    const uint64_t dues_us[] = {wire_due_us(), fault_due_us(), board_due_us(), terminal_due_us()};
    uint64_t wait_us = gateway_wait_ms() * 1000ull;
    for (uint32_t i = 0; i < sizeof dues_us / sizeof dues_us[0]; i++) {
        uint64_t left_us = dues_us[i] > now_us ? dues_us[i] - now_us : 0;
        wait_us = left_us < wait_us ? left_us : wait_us;
    }
    return (int)((wait_us + 999) / 1000);
}

static void wait_for_events(void) {
    struct pollfd events[GATEWAY_POLL_MAX];
    uint32_t count = gateway_poll(events);
    events[count++] = (struct pollfd){.fd = board_cable(), .events = POLLIN};
    events[count++] = (struct pollfd){.fd = board_console(), .events = POLLIN};
    events[count] = (struct pollfd){.fd = reads ? STDIN_FILENO : -1, .events = POLLIN};
    poll(events, count + 1, wait_ms());
    look_at_clock();
    if (events[count].revents != 0)
        reads = terminal_read();
}

static void on_signal(int number) {
    signalled = number;
}

static void start(struct options *o) {
    const char *wrong = gateway_start(&o->port, &o->http_port);
    if (wrong == NULL)
        wrong = board_start(o->image, o->flash);
    if (wrong != NULL) {
        fprintf(stderr, "midge-sim: %s\n", wrong);
        exit(1);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    reads = terminal_start(o->board);
    terminal_say("clients on 127.0.0.1:%d, monitoring on %d, seed %llu", o->port, o->http_port,
                 (unsigned long long)o->seed);
    terminal_tell("help lists the commands");
}

int main(int argc, char **argv) {
    static struct options options;
    look_at_clock();
    option_read(&options, argc, argv);
    fault_start(options.seed);
    start(&options);
    while (!command_has_quit() && !signalled) {
        turn();
        wait_for_events();
    }
    terminal_end();
    board_end();
    return 0;
}
