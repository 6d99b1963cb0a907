#include "boards/chip/host/host.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/broker.h"

int host_fail(const char *name, const char *why) {
    fprintf(stderr, "%s: %s\n", name, why);
    return 1;
}

_Noreturn void midge_panic(const char *file, int line) {
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    abort();
}

int32_t host_read(const char *name, char *text, uint32_t room) {
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return -1;
    size_t n = fread(text, 1, room, file);
    bool good = !ferror(file);
    fclose(file);
    if (n < room)
        text[n] = '\0';
    return good ? (int32_t)n : -1;
}
