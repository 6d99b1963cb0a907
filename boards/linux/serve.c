#include "boards/linux/serve.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "boards/linux/files.h"
#include "boards/linux/logfile.h"
#include "boards/linux/notify.h"
#include "boards/linux/settings.h"
#include "boards/linux/signals.h"
#include "port/port.h"

// How long clients may take their last bytes when the hub is terminated.
#define STOP_S 1

static bool lame_duck;

static void reload(struct midge *m, const struct command *command) {
    notify_reloading();
    settings_reload(m, command);
    notify_ready();
}

static void reopen_log(void) {
    if (!logfile_reopen())
        logfile_say(MIDGE_ERR, "Could not re-open the log file: %s", reason(errno));
}

static void begin_lame_duck(struct midge *m) {
    if (lame_duck)
        return;
    lame_duck = true;
    port_unlisten(MIDGE_CLIENT);
    midge_lame_duck(m);
}

// Whether a signal says not to wait any longer.
static bool is_hurried(void) {
    int number;
    do
        number = signals_take();
    while (number != 0 && number != SIGINT && number != SIGALRM);
    return number != 0;
}

// Closes every connection, with what is queued for it sent first, unless that takes too long or
// SIGINT comes.
static void close_all(struct midge *m) {
    port_unlisten(MIDGE_CLIENT);
    port_unlisten(MIDGE_MONITOR);
    midge_stop(m);
    alarm(STOP_S);
    while (midge_clients(m) > 0 && !is_hurried())
        port_turn(m, logfile_drain);
}

static void end(struct midge *m, bool at_once) {
    logfile_say(MIDGE_INF, "Initiating Shutdown...");
    notify_stopping();
    if (!at_once)
        close_all(m);
    logfile_drain(m);
    files_remove(settings());
    logfile_say(MIDGE_INF, "Server Exiting..");
}

// Does what a signal asks for. False where that was the end.
static bool obey(struct midge *m, const struct command *command, int number) {
    logfile_say(MIDGE_INF, "Trapped \"%s\" signal", signals_name(number));
    bool ends = number == SIGINT || (number == SIGTERM && !lame_duck);
    if (ends)
        end(m, number == SIGINT);
    else if (number == SIGHUP)
        reload(m, command);
    else if (number == SIGUSR1)
        reopen_log();
    else if (number == SIGUSR2)
        begin_lame_duck(m);
    return !ends;
}

void serve(struct midge *m, const struct command *command) {
    while (!lame_duck || midge_clients(m) > 0) {
        port_turn(m, logfile_drain);
        for (int number; (number = signals_take()) != 0;) {
            if (!obey(m, command, number))
                return;
        }
    }
    end(m, false);
}
