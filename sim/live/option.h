// The command line.

#ifndef SIM_LIVE_OPTION_H
#define SIM_LIVE_OPTION_H

#include <stdint.h>

struct options {
    const char *board;
    char image[4096];  // the board's, which lies beside midge-sim
    const char *flash;
    int32_t port, http_port;
    uint64_t seed;
};

// Reads it, and sets the faults that it names. Ends the program where it is wrong.
void option_read(struct options *o, int argc, char **argv);

#endif
