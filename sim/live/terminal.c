#include "sim/live/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "sim/live/board.h"
#include "sim/live/command.h"
#include "sim/live/fault.h"
#include "sim/live/now.h"
#include "sim/live/wire.h"

#define REDRAW_US 250000
#define LINE_BYTES 256
#define COLUMNS_MIN 20
#define COLUMNS 80  // where the terminal does not say

#define CTRL_C 0x03
#define CTRL_D 0x04
#define BACKSPACE 0x08
#define DELETE 0x7f
#define DETACH 0x1d  // ^]

// A line that is not at its end yet.
struct line {
    char text[LINE_BYTES];
    uint32_t n;
};

static const char *board;
static bool shows, types;  // standard output, standard input is a terminal
static struct termios cooked;
static struct line typed, heard;
static bool attached;
static uint32_t rows;  // of the state that stands on the screen, below all lines
static uint64_t drawn_us;

// Messages a second, over the last second.
static struct {
    uint64_t at_us;
    uint32_t in, out, in_rate, out_rate;
} pace;

// ---- State --------------------------------------------------------------------------------------

// A text of several rows that breaks between its items.
struct rows {
    char text[4096];
    uint32_t n, column, columns, count;
};

static void add_item(struct rows *r, const char *item) {
    uint32_t n = (uint32_t)strlen(item);
    if (n >= r->columns)
        n = r->columns - 1;
    if (r->n + n + 3 > sizeof r->text)
        return;
    if (r->column > 0 && r->column + 2 + n >= r->columns) {
        r->text[r->n++] = '\n';
        r->column = 0;
        r->count++;
    } else if (r->column > 0) {
        memcpy(r->text + r->n, "  ", 2);
        r->n += 2;
        r->column += 2;
    }
    memcpy(r->text + r->n, item, n);
    r->n += n;
    r->column += n;
}

__attribute__((format(printf, 2, 3))) static void add(struct rows *r, const char *format, ...) {
    char item[128];
    va_list list;
    va_start(list, format);
    vsnprintf(item, sizeof item, format, list);
    va_end(list);
    add_item(r, item);
}

static uint32_t columns(void) {
    struct winsize size;
    bool known = shows && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return known && size.ws_col >= COLUMNS_MIN ? size.ws_col : COLUMNS;
}

static void measure(void) {
    const struct inside *in = board_inside;
    if (now_us - pace.at_us < 1000000)
        return;
    double seconds = (double)(now_us - pace.at_us) / 1e6;
    bool counted = in->in_msgs >= pace.in && in->out_msgs >= pace.out;
    pace.in_rate = counted ? (uint32_t)((in->in_msgs - pace.in) / seconds + 0.5) : 0;
    pace.out_rate = counted ? (uint32_t)((in->out_msgs - pace.out) / seconds + 0.5) : 0;
    pace.in = in->in_msgs;
    pace.out = in->out_msgs;
    pace.at_us = now_us;
}

static struct rows *describe(void) {
    static struct rows r;
    const struct inside *in = board_inside;
    struct wire_count wire = wire_count();
    r = (struct rows){.columns = columns(), .count = 1};
    add(&r, "%s%s", board,
        !board_is_on()  ? " without power"
        : in->chip.link ? ""
                        : " without a cable");
    add(&r, "connections %u/%u", in->clients, in->clients_max);
    add(&r, "messages/s %u in, %u out", pace.in_rate, pace.out_rate);
    add(&r, "frames %u", wire.frames);
    if (wire.lost + wire.twice + wire.late > 0)
        add(&r, "lost %u, twice %u, late %u", wire.lost, wire.twice, wire.late);
    if (in->failures > 0)
        add(&r, "failures %u", in->failures);
    for (uint32_t i = 0; i < FAULTS; i++) {
        if (fault_number((enum fault)i) > 0)
            add(&r, "%s %g", fault_name((enum fault)i), fault_number((enum fault)i) / 1000.0);
    }
    // The pools begin a row of their own.
    r.column = r.columns;
    for (uint32_t i = 0; i < in->pools_count && i < INSIDE_POOLS_MAX; i++)
        add(&r, "%.19s %u/%u", in->pools[i].name, in->pools[i].used, in->pools[i].limit);
    return &r;
}

// ---- The screen ---------------------------------------------------------------------------------

// Takes the state off the screen: what is printed next takes its place.
static void erase(void) {
    if (rows > 0)
        printf("\r\033[%uA\033[J", rows);
    rows = 0;
}

static void draw(void) {
    if (!shows)
        return;
    struct rows *r = describe();
    const struct line *line = attached ? &heard : &typed;
    uint32_t room = r->columns - 3;
    uint32_t skip = line->n > room ? line->n - room : 0;
    erase();
    printf("%.*s\n%s%.*s", (int)r->n, r->text, types && !attached ? "> " : "",
           (int)(line->n - skip), line->text + skip);
    rows = r->count;
    drawn_us = now_us;
    fflush(stdout);
}

static void print(const char *text, uint32_t n) {
    erase();
    printf("%.*s\n", (int)n, text);
    fflush(stdout);
    drawn_us = 0;
}

void terminal_tell(const char *format, ...) {
    char line[LINE_BYTES];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    print(line, n < LINE_BYTES ? (uint32_t)n : LINE_BYTES - 1);
}

void terminal_say(const char *format, ...) {
    char line[LINE_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    terminal_tell("sim %.3f: %s", (double)now_us / 1e6, line);
}

// A board's line is shown once it has ended. What is typed on its console is seen while it is.
void terminal_hear(const char *bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            print(heard.text, heard.n);
            heard.n = 0;
        } else if (bytes[i] == '\b') {
            heard.n -= heard.n > 0;
        } else if ((unsigned char)bytes[i] >= ' ' && heard.n < sizeof heard.text) {
            heard.text[heard.n++] = bytes[i];
        }
    }
    if (attached)
        drawn_us = 0;
}

void terminal_show(void) {
    struct rows *r = describe();
    for (char *line = r->text, *end = r->text + r->n; line < end;) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop != NULL ? stop : end;
        print(line, (uint32_t)(stop - line));
        line = stop + 1;
    }
}

uint64_t terminal_due_us(void) {
    return shows ? drawn_us + REDRAW_US : NEVER;
}

void terminal_turn(void) {
    measure();
    if (now_us >= terminal_due_us() || (shows && drawn_us == 0))
        draw();
}

// ---- The keyboard -------------------------------------------------------------------------------

void terminal_attach(void) {
    attached = true;
    terminal_say("the board's console, until ^]");
}

static void take(char c) {
    if (attached && c == DETACH) {
        attached = false;
        terminal_say("no longer the board's console");
    } else if (attached) {
        board_type(&c, 1);
    } else if (c == '\n' || c == '\r') {
        typed.text[typed.n] = '\0';
        typed.n = 0;
        command_obey(typed.text);
    } else if (types && (c == CTRL_C || (c == CTRL_D && typed.n == 0))) {
        command_quit();
    } else if (c == BACKSPACE || c == DELETE) {
        typed.n -= typed.n > 0;
    } else if ((unsigned char)c >= ' ' && typed.n < sizeof typed.text - 1) {
        typed.text[typed.n++] = c;
    }
}

bool terminal_read(void) {
    char bytes[512];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++)
        take(bytes[i]);
    if (n <= 0 && types)
        command_quit();
    drawn_us = 0;
    return n > 0;
}

// In the background a terminal is left alone.
bool terminal_start(const char *name) {
    bool is_terminal = tcgetattr(STDIN_FILENO, &cooked) == 0;
    bool is_ahead = !is_terminal || tcgetpgrp(STDIN_FILENO) == getpgrp();
    board = name;
    shows = is_ahead && isatty(STDOUT_FILENO);
    types = is_terminal && shows;
    if (!types)
        return is_ahead;
    struct termios raw = cooked;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    return true;
}

void terminal_end(void) {
    erase();
    fflush(stdout);
    if (types)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
}
