// Configurations of any bytes: read, completed, compared. An include or a variable stands for the
// rest of the same bytes, from the place that its name gives.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct midge_config config, standard;
static const char *text;
static uint32_t text_bytes;

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)severity;
    *(size_t *)context += strlen(line);
}

static uint32_t place_of(const char *name, uint32_t name_bytes) {
    uint32_t place = 0;
    for (uint32_t i = 0; i < name_bytes && i < 4; i++)
        place = place * 10 + (uint8_t)name[i] % 10;
    return place < text_bytes ? place : text_bytes;
}

static const char *include(void *context, const char *from, const char *path, uint32_t path_bytes,
                           struct midge_source *found) {
    (void)context;
    uint32_t place = place_of(path, path_bytes);
    *found = (struct midge_source){from, text + place, text_bytes - place};
    return place < text_bytes ? NULL : "nothing there";
}

static const char *variable(void *context, const char *name, uint32_t name_bytes) {
    (void)context;
    uint32_t place = place_of(name, name_bytes);
    return place < text_bytes ? text + place : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    char line[256];
    bool fixed;
    size_t complaints = 0;
    struct midge_reading reading = {.complain = complain, .include = include, .variable = variable,
                                    .context = &complaints};
    char *copy = malloc(n + 1);
    memcpy(copy, bytes, n);
    copy[n] = '\0';  // the end of a variable
    text = copy;
    text_bytes = (uint32_t)n;
    midge_config_defaults(&standard);
    midge_config_defaults(&config);
    struct midge_source source = {"f", text, text_bytes};
    if (!midge_configure(&config, &source, &reading) && complaints == 0)
        abort();
    if (midge_config_complete(&config, &reading)) {
        for (int32_t i = 0;
             (i = midge_config_change(&standard, &config, i, &fixed, line, sizeof line)) != 0;)
            ;
    }
    free(copy);
    return 0;
}
