// make BOARD=x config FILE=f: checks a configuration by the limits of a board, and writes it into
// the board's flash, where it counts at once, with a fresh seed. Runs on the machine that builds,
// where the flash is a file (hal/file_flash.c); what it writes with is what the chip reads with.
//
// usage: config FILE <>FLASH

#include <stdio.h>
#include <unistd.h>

#include "boards/chip/host/host.h"
#include "boards/chip/identity.h"
#include "boards/chip/settings.h"
#include "broker/broker.h"
#include "hal/hal.h"

static struct midge_config config;
static char text[SETTINGS_TEXT_MAX + 1];

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    fprintf(stderr, "%s%s\n", line, severity == MIDGE_ERROR ? "" : " (a warning)");
}

#if MIDGE_TLS
// Only the chip, which has Mbed TLS, can tell more of certificates.
static const char *secure(void *context, const struct midge_config *c,
                          const struct midge_tls_options *tls) {
    static struct identity identity;
    (void)context;
    (void)c;
    const char *wrong = identity_for(tls, &identity);
    identity_wipe(&identity);
    return wrong;
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
        return host_fail("usage", "make BOARD=x config FILE=f");
    int32_t n = host_read(argv[1], text, sizeof text);
    if (n < 0)
        return host_fail(argv[1], "cannot be read");
    if (n > SETTINGS_TEXT_MAX)
        return host_fail(argv[1], "is longer than the board has room for");
    if (!check(argv[1], (uint32_t)n))
        return 1;
    struct slots_work work;
    slots_write(&work, &settings_slots, text, (uint32_t)n);
    if (slots_finish(&work) != 0 || getentropy(seed, sizeof seed) != 0 || !hal_entropy_seed(seed))
        return host_fail("flash", "cannot be written");
    return 0;
}
