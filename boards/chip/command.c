#include "boards/chip/command.h"

#include <string.h>

#include "boards/chip/clock.h"
#include "boards/chip/configuration.h"
#include "boards/chip/console.h"
#include "boards/chip/key.h"
#include "boards/chip/trial.h"
#include "hal/hal.h"

#define LINE_MAX 32
#define BYTES_A_TURN 256

#define ABANDON 0x03  // ^C
#define FINISH 0x04   // ^D
#define BACKSPACE 0x08
#define ESCAPE 0x1b
#define DELETE 0x7f

// How many times a held key repeats, and how long that may take each time.
#define HELD_TIMES 8
#define HELD_MS 100

static const struct midge *midge;
static const struct midge_config *running;
static bool from_flash;

static char line[LINE_MAX];
static uint32_t line_bytes;

// The text that is pasted: what does not fit is counted only.
static bool pasting;
static bool lost;  // bytes of it
static uint32_t text_bytes;
static uint32_t column;  // bytes of its last line
static char last;        // its last byte

static struct slots_work work;
static const char *saving;  // what to say once flash is done; NULL: it is not at work

static struct midge_config scratch;

void command_start(const struct midge *m, const struct midge_config *config, bool stored) {
    midge = m;
    running = config;
    from_flash = stored;
}

static void say(const char *text) {
    console_say(MIDGE_INF, text);
}

static void complain(const char *text) {
    console_say(MIDGE_ERR, text);
}

static void echo(const char *text) {
    hal_console_write(text, (uint32_t)strlen(text));
}

// ---- Commands -----------------------------------------------------------------------------------

static void show(void) {
    configuration_tell(running, from_flash);
}

// Whether flash has room for what is new: beside what is on trial there is none.
static bool is_free(void) {
    if (trial_is_on())
        complain("What is new is on trial: confirm it, or reset gives it up");
    return !trial_is_on();
}

static void begin_text(void) {
    if (!is_free())
        return;
    pasting = true;
    lost = false;
    text_bytes = 0;
    column = 0;
    say("Paste it, and end it by a line with a single dot, or ^D; ^C leaves it");
}

static void restore(void) {
    if (!is_free())
        return;
    slots_erase(&work, &settings_slots);
    saving = "The default runs from the next reset on";
}

static void confirm(void) {
    if (!trial_is_on())
        complain("Nothing is on trial");
    trial_end(TRIAL_CONFIGURATION);
    trial_end(TRIAL_IDENTITY);
}

#if MIDGE_NKEYS
static void make_some_key(bool anew) {
    const char *what;
    if (!is_free())
        return;
    if (key_make(&work, anew, &what))
        saving = what;
    else
        complain(what);
}

static void make_key(void) {
    make_some_key(false);
}

static void make_another_key(void) {
    make_some_key(true);
}
#endif

static void tell_status(void) {
    struct midge_state state;
    midge_state(midge, &state);
    const struct {
        const char *what;
        uint32_t number;
    } facts[] = {
        {"Up for ", (uint32_t)(hal_us() / 1000000)},
        {" s, clients ", state.clients},
        {", subscriptions ", state.subscriptions},
        {", messages in ", state.in_msgs},
        {", out ", state.out_msgs},
        {", blocks ", state.blocks},
        {" of ", state.blocks_max},
        {", unused stack ", hal_stack_unused()},
        {" B, console bytes dropped ", hal_console_dropped()},
        {", frames ", hal_ethernet_dropped()},
    };
    console_begin(MIDGE_INF);
    for (uint32_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        console_text(facts[i].what);
        console_number(facts[i].number, 10);
    }
    console_end();
}

static void restart(void) {
    if (MIDGE_CLOCK)
        clock_keep();
    hal_reset();
}

static void help(void);

static const struct {
    const char *name;
    void (*run)(void);
    const char *what;
} commands[] = {
    {"help", help, "this list"},
    {"status", tell_status, "what the broker does"},
    {"config", show, "what it runs with"},
    {"config write", begin_text, "another configuration into flash"},
    {"config default", restore, "none in flash"},
    {"confirm", confirm, "what is on trial has worked"},
#if MIDGE_NKEYS
    {"nkey", key_tell, "what this device goes by, its public half"},
    {"nkey make", make_key, "makes it a key of its own"},
    {"nkey make new", make_another_key, "in place of the one that it has"},
#endif
    {"reset", restart, "starts again, with what is in flash"},
};

static void help(void) {
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        console_begin(MIDGE_INF);
        console_text(commands[i].name);
        console_text(": ");
        console_text(commands[i].what);
        console_end();
    }
}

static void obey(void) {
    echo("\r\n");
    line[line_bytes] = '\0';
    bool empty = line_bytes == 0;
    line_bytes = 0;
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(line, commands[i].name) == 0) {
            commands[i].run();
            return;
        }
    }
    if (!empty)
        complain("No such command: help lists them");
}

static void take_typed(char c) {
    if (c == '\n') {
        obey();
    } else if (c == BACKSPACE || c == DELETE) {
        if (line_bytes > 0) {
            line_bytes--;
            echo("\b \b");
        }
    } else if (c >= ' ' && line_bytes < sizeof line - 1) {
        line[line_bytes++] = c;
        hal_console_write(&c, 1);
    }
}

// ---- A pasted text ------------------------------------------------------------------------------

// Only what this image can run with is written.
static void finish_text(void) {
    pasting = false;
    if (lost)
        complain("Bytes were lost on the way, nothing is written: paste it more slowly");
    else if (text_bytes > SETTINGS_TEXT_MAX)
        complain("It is too long, nothing is written");
    else if (!configuration_read(&scratch, text_bytes))
        complain("It is of no use, nothing is written");
    else
        saving = slots_try(&work, &settings_slots, configuration_text, text_bytes)
                     ? "Written: it runs from the next reset on, on trial"
                     : "Written: it runs from the next reset on";
    hal_wipe(&scratch, sizeof scratch);
    if (saving == NULL)
        configuration_wipe();
}

static void take_pasted(char c) {
    bool ends = c == '\n' && column == 1 && last == '.';
    if (ends)
        text_bytes--;
    if (ends || c == FINISH) {
        finish_text();
    } else if (c == ABANDON) {
        pasting = false;
        configuration_wipe();
        say("Nothing is written");
    } else {
        if (text_bytes < SETTINGS_TEXT_MAX)
            configuration_text[text_bytes] = c;
        text_bytes++;
        column = c == '\n' ? 0 : column + 1;
        last = c;
    }
}

// ---- Turns --------------------------------------------------------------------------------------

// A line ends by CR where it is typed, and by LF or both in a file.
static void take(char c) {
    static char before;
    bool second = c == '\n' && before == '\r';
    before = c;
    if (c == '\r')
        c = '\n';
    if (second)
        return;
    if (pasting)
        take_pasted(c);
    else
        take_typed(c);
}

static void go_on_saving(void) {
    int32_t answer = slots_proceed(&work);
    if (answer > 0)
        return;
    if (answer < 0)
        complain("Flash fails");
    else
        say(saving);
    saving = NULL;
    configuration_wipe();
#if MIDGE_NKEYS
    key_forget();
#endif
}

bool command_turn(void) {
    int32_t c;
    for (uint32_t i = 0; i < BYTES_A_TURN && saving == NULL; i++) {
        if ((c = hal_console_read()) == -1)
            return false;
        if (c == HAL_CONSOLE_LOST)
            lost = true;
        else
            take((char)c);
    }
    if (saving != NULL)
        go_on_saving();
    return saving != NULL;
}

bool command_default_wanted(void) {
    uint32_t times = 0;
    uint64_t end_us = hal_us() + HELD_MS * 1000;
    while (times < HELD_TIMES && hal_us() < end_us) {
        if (hal_console_read() == ESCAPE) {
            times++;
            end_us = hal_us() + HELD_MS * 1000;
        } else {
            hal_wait(HELD_MS);
        }
    }
    return times == HELD_TIMES;
}
