// make BOARD=x config FILE=f: checks a configuration by the limits of a board, and writes it into
// the board's flash, with a fresh seed. Runs on the machine that builds, where the flash is a file
// (hal/file_flash.c); what it writes with is what the chip reads with.
//
// usage: config FILE <>FLASH

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "boards/chip/identity.h"
#include "boards/chip/settings.h"
#include "broker/broker.h"
#include "hal/hal.h"

static struct midge_config config;
static char text[SETTINGS_TEXT_MAX + 1];

static int fail(const char *name, const char *why) {
    fprintf(stderr, "%s: %s\n", name, why);
    return 1;
}

_Noreturn void midge_panic(const char *file, int line) {
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    abort();
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    fprintf(stderr, "%s%s\n", line, severity == MIDGE_ERROR ? "" : " (a warning)");
}

// Its length, or -1.
static int read_file(const char *name) {
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return -1;
    size_t n = fread(text, 1, sizeof text, file);
    bool good = !ferror(file);
    fclose(file);
    return good ? (int)n : -1;
}

#if MIDGE_TLS
// As boards/chip/configuration.c, but for what only Mbed TLS can tell of certificates.
static const char *secure(void *context, const struct midge_config *c,
                          const struct midge_tls_options *tls) {
    static struct identity identity;
    (void)context;
    (void)c;
    if (tls->cert_file != 0 || tls->key_file != 0 || tls->ca_file != 0)
        return "a chip has no files: make provision writes certificates into its flash";
    if (!identity_read(&identity))
        return "no certificate in flash: make provision writes it";
    bool lacks = tls->verify && identity.bytes[IDENTITY_AUTHORITIES] == 0;
    identity_wipe(&identity);
    return lacks ? "verify wants an authority: make provision CA=..." : NULL;
}
#endif

static bool check(const char *name, uint32_t n) {
    struct midge_source source = {name, text, n};
    struct midge_reading reading = {.complain = complain};
#if MIDGE_TLS
    reading.secure = secure;
#endif
    midge_config_defaults(&config);
    return midge_configure(&config, &source, &reading) && midge_config_complete(&config, &reading);
}

int main(int argc, char **argv) {
    uint8_t seed[HAL_SEED_BYTES];
    if (argc != 2)
        return fail("usage", "make BOARD=x config FILE=f");
    int n = read_file(argv[1]);
    if (n < 0)
        return fail(argv[1], "cannot be read");
    if (n > SETTINGS_TEXT_MAX)
        return fail(argv[1], "is longer than the board has room for");
    if (!check(argv[1], (uint32_t)n))
        return 1;
    struct settings_work work = {0};
    settings_write(&work, text, (uint32_t)n);
    if (settings_finish(&work) != 0 || getentropy(seed, sizeof seed) != 0 ||
        !hal_entropy_seed(seed))
        return fail("flash", "cannot be written");
    return 0;
}
