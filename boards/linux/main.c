// The hub for Linux: midge, in place of nats-server.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "boards/linux/serve.h"
#include "boards/linux/settings.h"
#include "boards/linux/start.h"
#include "boards/linux/tell.h"

static struct midge midge;
static struct command command;

_Noreturn void midge_panic(const char *file, int line) {
    dprintf(STDERR_FILENO, "%s:%d: assertion failed\n", file, line);
    abort();
}

int main(int argc, char **argv) {
    start_prepare();
    settings_load(&command, argc, argv);
    if (command.signal != NULL)
        tell(&command);
    start(&midge, &command);
    serve(&midge, &command);
    return 0;
}
