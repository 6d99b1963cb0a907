#include "sim/live/board.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/live/fault.h"
#include "sim/live/now.h"
#include "sim/live/terminal.h"

#define RESET_US 100000  // so that a board that resets for ever does not take the whole host

struct inside *board_inside;

static const char *image;
static int chip = -1, flash = -1;
static int cable = -1, keys = -1, console = -1;  // keys are typed on, the console is read
static pid_t process = -1;
static uint64_t lives;
static uint64_t on_us;     // when it starts again, where no process is
static uint64_t link_us;   // when the cable is plugged again; 0: it is
static bool cut;           // whether power was
static uint64_t start_us;  // what its clock then begins with

// ---- Its process --------------------------------------------------------------------------------

static void close_ends(void) {
    close(cable);
    close(keys);
    close(console);
    cable = keys = console = -1;
}

// Never comes back.
static _Noreturn void become(int its_cable, int its_keys, int its_console) {
    dup2(its_keys, STDIN_FILENO);
    dup2(its_console, STDOUT_FILENO);
    // Away from the numbers that they are to have.
    its_cable = fcntl(its_cable, F_DUPFD, POSIX_CHIP + 1);
    int its_flash = fcntl(flash, F_DUPFD, POSIX_CHIP + 1);
    int its_chip = fcntl(chip, F_DUPFD, POSIX_CHIP + 1);
    dup2(its_cable, POSIX_CABLE);
    dup2(its_flash, POSIX_FLASH);
    dup2(its_chip, POSIX_CHIP);
    close(its_cable);
    close(its_flash);
    close(its_chip);
    execl(image, image, (char *)NULL);
    fprintf(stderr, "%s: %s\n", image, strerror(errno));
    _exit(1);
}

static void power_on(void) {
    int cables[2], inward[2], outward[2];
    board_inside->chance = fault_dice(DICE_LIFE, lives++);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, cables) != 0 ||
        pipe2(inward, O_NONBLOCK | O_CLOEXEC) != 0 || pipe2(outward, O_NONBLOCK | O_CLOEXEC) != 0 ||
        (process = fork()) < 0) {
        terminal_end();
        fprintf(stderr, "midge-sim: the board: %s\n", strerror(errno));
        exit(1);
    }
    if (process == 0)
        become(cables[1], inward[0], outward[1]);
    close(cables[1]);
    close(inward[0]);
    close(outward[1]);
    cable = cables[0];
    keys = inward[1];
    console = outward[0];
    on_us = NEVER;
}

static void power_off(uint64_t off_us) {
    on_us = now_us + off_us;
    cut = true;
    memset(&board_inside->chip.record, 0, sizeof board_inside->chip.record);
    board_inside->clients = 0;
}

// What is left of its console is still to be read.
static int reap(void) {
    char rest[512];
    int status;
    ssize_t n;
    while ((n = read(console, rest, sizeof rest)) > 0)
        terminal_hear(rest, (uint32_t)n);
    waitpid(process, &status, 0);
    process = -1;
    close_ends();
    return status;
}

// A process that ended by itself was reset; one that ended by a signal has met a fault, or torn its
// flash as it was told to.
static void look_after(int status) {
    struct inside *in = board_inside;
    if (in->torn) {
        in->torn = false;
        uint64_t off_us = dice_between(&in->chance, FAULT_US_MIN, FAULT_US_MAX);
        terminal_say("a write to flash is torn: no power for %.1f s", (double)off_us / 1e6);
        start_us = 0;
        power_off(off_us);
        return;
    }
    if (WIFSIGNALED(status)) {
        terminal_say("the board met a fault: %s", strsignal(WTERMSIG(status)));
        in->chip.record.reason = HAL_FAULT;
    }
    in->chip.record.boots++;
    in->clients = 0;
    on_us = now_us + RESET_US;
}

// ---- Start and turns ----------------------------------------------------------------------------

static int make_file(const char *name, size_t bytes) {
    int file = memfd_create(name, MFD_CLOEXEC);
    return file >= 0 && ftruncate(file, (off_t)bytes) == 0 ? file : -1;
}

static bool open_flash(const char *name) {
    flash = name != NULL ? open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : make_file("flash", 0);
    return flash >= 0;
}

const char *board_start(const char *its_image, const char *flash_name) {
    image = its_image;
    chip = make_file("chip", sizeof *board_inside);
    if (chip < 0)
        return "no memory for the board";
    board_inside = mmap(NULL, sizeof *board_inside, PROT_READ | PROT_WRITE, MAP_SHARED, chip, 0);
    if (board_inside == MAP_FAILED || !open_flash(flash_name))
        return "the file of flash cannot be opened";
    board_inside->chip.link = true;
    board_inside->chip.unseeded = lseek(flash, 0, SEEK_END) == 0;
    struct dice dice = fault_dice(DICE_FLASH, 0);
    for (uint32_t i = 0; i < HAL_SEED_BYTES; i++)
        board_inside->chip.seed[i] = (uint8_t)dice_roll(&dice);
    power_on();
    return NULL;
}

void board_turn(void) {
    struct inside *in = board_inside;
    in->failing = fault_number(POOL_FAILURE);
    if (link_us != 0 && link_us <= now_us) {
        link_us = 0;
        in->chip.link = true;
    }
    if (process < 0 && on_us <= now_us) {
        if (cut)
            in->chip.start_us = start_us;
        cut = false;
        power_on();
    }
}

uint64_t board_due_us(void) {
    uint64_t due_us = process < 0 ? on_us : NEVER;
    return link_us != 0 && link_us < due_us ? link_us : due_us;
}

bool board_is_on(void) {
    return process >= 0;
}

void board_cut(uint64_t off_us, uint64_t begin_us) {
    if (process >= 0) {
        kill(process, SIGKILL);
        reap();
    }
    start_us = begin_us;
    power_off(off_us);
}

void board_unplug(uint64_t off_us) {
    board_inside->chip.link = false;
    link_us = now_us + off_us;
}

void board_end(void) {
    if (process >= 0) {
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
    }
}

// ---- Cable and console --------------------------------------------------------------------------

int board_cable(void) {
    return cable;
}

int board_console(void) {
    return console;
}

void board_give(const uint8_t *frame, uint32_t n) {
    if (process < 0 || !board_inside->chip.link)
        return;
    if (send(cable, frame, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        board_inside->chip.dropped++;
}

uint32_t board_take(uint8_t frame[POSIX_FRAME_BYTES]) {
    ssize_t n = recv(cable, frame, POSIX_FRAME_BYTES, MSG_DONTWAIT);
    return n > 0 && board_inside->chip.link ? (uint32_t)n : 0;
}

void board_type(const char *bytes, uint32_t n) {
    if (keys >= 0 && write(keys, bytes, n) < (ssize_t)n)
        terminal_say("the board's console lost what was typed");
}

uint32_t board_read(char *bytes, uint32_t max) {
    if (process < 0)
        return 0;
    ssize_t n = read(console, bytes, max);
    if (n == 0)
        look_after(reap());
    return n > 0 ? (uint32_t)n : 0;
}
