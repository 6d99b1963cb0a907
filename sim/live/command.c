#include "sim/live/command.h"

#include <stdio.h>
#include <string.h>

#include "sim/live/fault.h"
#include "sim/live/gateway.h"
#include "sim/live/terminal.h"
#include "sim/live/wire.h"

static bool ended;

bool command_has_quit(void) {
    return ended;
}

void command_quit(void) {
    ended = true;
}

static void trace(void) {
    wire_traced = !wire_traced;
    terminal_say(wire_traced ? "tells of frames" : "tells of frames no longer");
}

static void help(void);

static const struct {
    const char *name;
    void (*run)(void);
    const char *what;
} commands[] = {
    {"status", terminal_show, "the board's state"},
    {"clients", gateway_list, "who they are"},
    {"console", terminal_attach, "types on the board's console, until ^]"},
    {"trace", trace, "tells of each frame that is lost, late or comes twice, or no longer"},
    {"help", help, "this list"},
    {"quit", command_quit, "or ^C"},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void tell(const char *name, const char *argument, const char *what) {
    terminal_tell("%-13s%-8s %s", name, argument, what);
}

static void help(void) {
    for (uint32_t i = 0; i < FAULTS; i++)
        tell(fault_name((enum fault)i), fault_argument((enum fault)i),
             fault_meaning((enum fault)i));
    for (uint32_t i = 0; i < COMMANDS; i++)
        tell(commands[i].name, "", commands[i].what);
    terminal_tell("[S]: now, or about every S seconds; 0 ends any fault");
}

void command_obey(char *line) {
    char *rest;
    char *name = strtok_r(line, " \t", &rest);
    if (name == NULL)
        return;
    char *number = strtok_r(NULL, " \t", &rest);
    for (uint32_t i = 0; i < COMMANDS && number == NULL; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            commands[i].run();
            return;
        }
    }
    const char *wrong = fault_set(name, number);
    if (wrong != NULL)
        terminal_tell("%s: %s; help lists what there is", name, wrong);
}
