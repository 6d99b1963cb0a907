// midge-sim: a board in software, on host sockets, whose faults are chosen and come from a seed.
//
// It is three things on one loop: the board, which is a process that runs the chip's code
// (board.h), the wire with its faults (wire.h), and the network with the clients (gateway.h).

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sim/live/board.h"
#include "sim/live/command.h"
#include "sim/live/fault.h"
#include "sim/live/gateway.h"
#include "sim/live/now.h"
#include "sim/live/terminal.h"
#include "sim/live/wire.h"

#define PREFIX "midge-sim-"
#define FRAMES_A_TURN 64
#define BEFORE_WRAP_US 5000000
#define TORN_WITHIN 8  // writes: as many as a short configuration takes

uint64_t now_us;

static struct {
    const char *board, *flash;
    int32_t port, http_port;
    uint64_t seed;
} options = {.port = 4222, .http_port = 8222};

static char folder[4096];
static volatile sig_atomic_t signalled;
static bool reads;  // standard input

_Noreturn void midge_panic(const char *file, int line);
_Noreturn void midge_panic(const char *file, int line) {
    terminal_end();
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    board_end();
    abort();
}

static void look_at_clock(void) {
    static uint64_t start_us;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    if (start_us == 0)
        start_us = us;
    now_us = us - start_us;
}

// ---- Command line -------------------------------------------------------------------------------

static int compare(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_image(const struct dirent *entry) {
    return strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0;
}

// Images lie beside midge-sim.
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

static void take_option(const char *option, const char *value) {
    const char *wrong = NULL;
    char *end;
    if (value == NULL)
        refuse(option, "it wants a value");
    if (strcmp(option, "--board") == 0) {
        options.board = value;
    } else if (strcmp(option, "--flash") == 0) {
        options.flash = value;
    } else if (is(option, "-p", "--port")) {
        options.port = port_of(option, value);
    } else if (is(option, "-m", "--http_port")) {
        options.http_port = port_of(option, value);
    } else if (strcmp(option, "--seed") == 0) {
        options.seed = strtoull(value, &end, 0);
        wrong = *end == '\0' && end != value ? NULL : "a number";
    } else if (strncmp(option, "--", 2) == 0) {
        wrong = fault_set(option + 2, value);
    } else {
        wrong = "no such option; --help lists them";
    }
    if (wrong != NULL)
        refuse(option, wrong);
}

static void take_options(int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        if (is(argv[i], "-h", "--help")) {
            usage(stdout);
            exit(0);
        }
        take_option(argv[i], argv[i + 1]);
    }
    char image[sizeof folder + 64];
    snprintf(image, sizeof image, "%s/" PREFIX "%.32s", folder,
             options.board != NULL ? options.board : "");
    if (options.board == NULL || strchr(options.board, '/') != NULL || access(image, X_OK) != 0) {
        fprintf(stderr, "midge-sim: --board NAME: %s\n",
                options.board != NULL ? "there is no such board" : "which?");
        list_boards(stderr);
        exit(1);
    }
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
        terminal_say("the %u. write to flash from now will be torn", board_inside->tear_in);
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

static void start(void) {
    const char *wrong = gateway_start(&options.port, &options.http_port);
    if (wrong != NULL)
        refuse("listening", wrong);
    wrong = board_start(folder, options.board, options.flash);
    if (wrong != NULL)
        refuse(options.board, wrong);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    reads = terminal_start(options.board);
    terminal_say("clients on 127.0.0.1:%d, monitoring on %d, seed %llu", options.port,
                 options.http_port, (unsigned long long)options.seed);
    terminal_tell("help lists the commands");
}

int main(int argc, char **argv) {
    look_at_clock();
    find_folder();
    if (getrandom(&options.seed, 4, 0) != 4)
        options.seed = (uint64_t)time(NULL);
    take_options(argc, argv);
    fault_start(options.seed);
    start();
    while (!command_has_quit() && !signalled) {
        turn();
        wait_for_events();
    }
    terminal_end();
    board_end();
    return 0;
}
