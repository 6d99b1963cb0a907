#include "boards/chip/configuration.h"

#include "boards/chip/console.h"
#include "boards/chip/identity.h"
#include "boards/chip/trial.h"
#include "hal/hal.h"
#include "port/port.h"

// From conf.S.
extern const char conf_text[];
extern const uint32_t conf_bytes;

char configuration_text[SETTINGS_TEXT_MAX];

void configuration_wipe(void) {
    hal_wipe(configuration_text, sizeof configuration_text);
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    console_say(severity == MIDGE_ERROR ? MIDGE_ERR : MIDGE_WRN, line);
}

static bool closed;  // what was to say who may come in is of no use

#if MIDGE_TLS
// Sees whether what the device is known by is of use, with a set of certificates made of it that
// the start puts in force.
static const char *secure(void *context, const struct midge_config *config,
                          const struct midge_tls_options *tls) {
    static struct identity identity;
    (void)context;
    (void)config;
    const char *wrong = identity_for(tls, &identity);
    const char *parts = (const char *)identity.parts;
    const uint32_t *bytes = identity.bytes;
    const struct port_certificates certificates = {
        .chain = {parts, bytes[IDENTITY_CHAIN]},
        .key = {parts + bytes[IDENTITY_CHAIN], bytes[IDENTITY_KEY]},
        .authorities = {parts + bytes[IDENTITY_CHAIN] + bytes[IDENTITY_KEY],
                        bytes[IDENTITY_AUTHORITIES]},
    };
    if (wrong == NULL)
        wrong = port_certify(PORT_LISTENERS, tls, &certificates);
    identity_wipe(&identity);
    closed |= wrong != NULL;
    return wrong;
}
#endif

static bool read(struct midge_config *config, const char *text, uint32_t bytes) {
    struct midge_source source = {"midge.conf", text, bytes};
    struct midge_reading reading = {.complain = complain};
#if MIDGE_TLS
    reading.secure = secure;
#endif
    midge_config_defaults(config);
    config->entropy = hal_entropy;
#if MIDGE_NKEYS
    config->verify = port_verify;
    config->sign = port_sign;
#endif
    return midge_configure(config, &source, &reading) && midge_config_complete(config, &reading);
}

bool configuration_read(struct midge_config *config, uint32_t bytes) {
    return read(config, configuration_text, bytes);
}

// Of what is on trial: it had its start, so that the next has the one before.
static bool load_from_flash(struct midge_config *config, enum slots_state state) {
    if (state == SLOTS_BACK)
        trial_lost(TRIAL_CONFIGURATION);
    int32_t bytes = slots_read(&settings_slots, state, configuration_text, SETTINGS_TEXT_MAX);
    bool good = bytes >= 0 && configuration_read(config, (uint32_t)bytes);
    configuration_wipe();
    if (good && state == SLOTS_ON_TRIAL)
        trial_begin(TRIAL_CONFIGURATION);
    else if (bytes >= 0 && !good)
        console_say(MIDGE_ERR, state == SLOTS_ON_TRIAL ? "The new configuration is of no use"
                                                       : "The configuration in flash is of no use");
    closed |= bytes >= 0 && !good;
    return good;
}

bool configuration_load(struct midge_config *config) {
    static const char none[] = "port: -1";
    enum slots_state state;
    closed = false;
    do {
        state = slots_start(&settings_slots);
        if (load_from_flash(config, state))
            return true;
    } while (state == SLOTS_ON_TRIAL);
    bool good = read(config, conf_text, conf_bytes);
    MIDGE_ASSERT(good || closed);
    if (!good)
        read(config, none, sizeof none - 1);
    // The default would let in whom the configuration, or TLS, was to keep out.
    if (closed) {
        config->port = config->http_port = 0;
        console_say(MIDGE_ERR, "Nobody is let in, until a configuration can be used");
    }
    return false;
}

// ---- Telling ------------------------------------------------------------------------------------

static void tell_address(const char *what, const char *host, int32_t port) {
    console_text(what);
    if (port <= 0) {
        console_text(port == 0 ? "off" : "any port");
        return;
    }
    console_text(host);
    console_text(":");
    console_number((uint32_t)port, 10);
}

static const char *tell_tls(const struct midge_config *config) {
#if MIDGE_TLS
    if (config->tls.enabled)
        return config->allow_non_tls ? ", with TLS or without" : ", with TLS";
#endif
    (void)config;
    return "";
}

static void tell_access(const struct midge_config *config) {
    console_text("Admitted: ");
    if (config->users_count == 0)
        console_text(config->token != 0      ? "who has the token"
                     : config->username != 0 ? "the user "
                                             : "anyone");
    console_text(midge_config_text(config, config->username));
    for (uint32_t i = 0; i < config->users_count; i++) {
        console_text(i == 0 ? "the users " : ", ");
        console_text(midge_config_text(config, config->users[i].name));
    }
}

void configuration_tell(const struct midge_config *config, bool from_flash) {
    console_say(MIDGE_INF, from_flash ? "The configuration in flash runs" : "The default runs");
    console_begin(MIDGE_INF);
    tell_address("Clients: ", midge_config_text(config, config->host), config->port);
    console_text(tell_tls(config));
    tell_address(", monitoring: ", midge_config_text(config, config->http_host), config->http_port);
    console_end();
    console_begin(MIDGE_INF);
    tell_access(config);
    console_end();
}
