// A configuration: its defaults, its text, and what is checked when all of it is known.

#include "broker/auth/bcrypt.h"
#include "broker/conf/authorization.h"
#include "broker/conf/number.h"
#include "broker/conf/option.h"
#include "broker/conf/reader.h"
#include "broker/conf/tls.h"
#include "broker/conf/value.h"
#include "broker/core/chars.h"

int32_t midge_config_add(struct midge_config *config, const char *bytes, uint32_t n) {
    if (n == 0)
        return 0;
    if (n >= MIDGE_CONFIG_TEXT_BYTES - config->text_bytes)
        return MIDGE_ERR_FULL;
    uint32_t place = config->text_bytes;
    // From the front: what had escapes lies here already, or further behind.
    for (uint32_t i = 0; i < n; i++)
        config->text[place + i] = bytes[i];
    config->text[place + n] = '\0';
    config->text_bytes += n + 1;
    return (int32_t)place;
}

bool midge_config_hashed(const struct midge_config *config, midge_text password) {
    return bcrypt_is_hash(midge_config_text(config, password));
}

void midge_config_defaults(struct midge_config *config) {
    // The arrays are left as they are, since untouched pages cost nothing.
    memset(config, 0, offsetof(struct midge_config, users));
    config->text[0] = '\0';
    config->text_bytes = 1;
    options_reset(config);
    config->stall_ms = MIDGE_STALL_MS;
    config->payload_idle_ms = MIDGE_PAYLOAD_IDLE_MS;
    config->limits = (struct midge_limits){
        .connections = MIDGE_CONNECTIONS_MAX,
        .subscriptions = MIDGE_SUBSCRIPTIONS_MAX,
        .nodes = MIDGE_NODES_MAX,
        .groups = MIDGE_GROUPS_MAX,
        .texts = MIDGE_TEXTS_MAX,
        .blocks = MIDGE_BLOCKS_MAX,
        .block_bytes = MIDGE_BLOCK_BYTES,
    };
}

// Complains about a configuration as a whole.
static void complain(const struct midge_reading *reading, enum midge_severity severity,
                     const char *sentence, const struct word *words) {
    if (!MIDGE_CONFIG_HUB) {  // whose sentences here take no words
        reading->complain(reading->context, severity, sentence);
        return;
    }
    char text[MIDGE_LOG_LINE_BYTES + 1];
    struct format line = {(uint8_t *)text, 0, sizeof text - 1};
    format_words(&line, sentence, words);
    text[line.n] = '\0';
    reading->complain(reading->context, severity, text);
}

// Two passes: the first sees that the grammar holds, so that a text that is broken anywhere draws
// one complaint, as nats-server's do, and changes nothing; the second sets the options.
bool midge_configure(struct midge_config *config, const struct midge_source *source,
                     const struct midge_reading *reading) {
    struct reader r;
    struct entry e = {.at.source = NULL};
    reader_begin(&r, source, config, reading);
    while (reader_next(&r, &e))
        reader_skip(&r, &e);
    if (r.errors > 0)
        return false;
    if (MIDGE_CONFIG_HUB && e.at.source == NULL)
        complain(reading, MIDGE_WARNING, "%s: config has no values or is empty",
                 WORDS(word(source->name)));
    reader_begin(&r, source, config, reading);
    options_read(&r, PLACE_TOP, config, &e);
    return r.errors == 0;
}

// ---- What several options have to do with each other --------------------------------------------

static struct word duration_word(uint32_t ms, char text[32]) {
    struct format f = {(uint8_t *)text, 0, 32};
    format_duration(&f, (uint64_t)ms * 1000);
    return (struct word){text, f.n};
}

static bool check(const struct midge_config *config, const struct midge_reading *reading) {
    char a[32], b[32];
    const char *anonymous = midge_config_text(config, config->no_auth_user);
    const char *sentence = NULL;
    struct word words[2] = {word(anonymous)};
    if (MIDGE_CONFIG_HUB && config->lame_duck_grace_ms >= config->lame_duck_duration_ms) {
        sentence =
            "lame duck grace period (%s) should be strictly lower than lame duck duration (%s)";
        words[0] = duration_word(config->lame_duck_grace_ms, a);
        words[1] = duration_word(config->lame_duck_duration_ms, b);
    } else if (config->max_payload > config->max_pending) {
        sentence = SAY("max_payload (%s) cannot be higher than max_pending (%s)",
                       "max_payload is above max_pending");
        if (MIDGE_CONFIG_HUB) {
            words[0] = word_of(config->max_payload, a);
            words[1] = word_of(config->max_pending, b);
        }
    } else if (MIDGE_CONFIG_HUB &&
               chars_find(midge_config_text(config, config->server_name), ' ') != NULL) {
        sentence = "server name cannot contain spaces";
    } else if (config->no_auth_user != 0 && config->users_count == 0) {
        sentence = SAY("no_auth_user: \"%s\" present, but users/nkeys are not defined",
                       "no_auth_user is no user");
    } else if (config->no_auth_user != 0 && !users_have(config, config->users_count, anonymous)) {
        sentence = SAY("no_auth_user: \"%s\" not present as user or nkey in authorization block or "
                       "account configuration",
                       "no_auth_user is no user");
    }
    if (sentence != NULL)
        complain(reading, MIDGE_ERROR, sentence, words);
    return sentence == NULL;
}

// Gives a path one slash in front and none behind; the root is empty.
static midge_text base_path(struct midge_config *config, midge_text path) {
    const char *text = midge_config_text(config, path);
    uint32_t n = (uint32_t)strlen(text);
    while (n > 0 && text[n - 1] == '/')
        n--;
    while (n > 1 && text[0] == '/' && text[1] == '/') {
        text++;
        n--;
    }
    if (n == 0)
        return 0;
    int32_t place = midge_config_add(config, text - (text[0] != '/'), n + (text[0] != '/'));
    if (place < 0)
        return 0;
    config->text[place] = '/';
    return (midge_text)place;
}

bool midge_config_complete(struct midge_config *config, const struct midge_reading *reading) {
    if (config->host == 0) {
        int32_t any = midge_config_add(config, "0.0.0.0", 7);
        config->host = any < 0 ? 0 : (midge_text)any;
    }
#if MIDGE_HTTPS
    if (config->https_host != 0)
        config->http_host = config->https_host;
#endif
    if (config->http_host == 0)
        config->http_host = config->host;
    if (config->port == 0)
        config->port = 4222;
    config->http_base_path = base_path(config, config->http_base_path);
    // The command line may have added what the file rules out: users come first, then a token.
    if (config->users_count > 0)
        config->token = 0;
    if (config->users_count > 0 || config->token != 0)
        config->username = config->password = 0;
#if MIDGE_TLS
    const char *wrong = tls_override(config, reading);
    if (wrong != NULL) {
        complain(reading, MIDGE_ERROR, wrong, NULL);
        return false;
    }
#endif
    if (MIDGE_CONFIG_HUB && !MIDGE_TRACE && (config->debug || config->trace))
        complain(reading, MIDGE_REMARK, "debug and trace are not built into this midge: no effect",
                 NULL);
    return check(config, reading);
}

// What client_advertise says of an address. NULL, or what is wrong with it.
static const char *advertise(const struct midge_config *config, struct midge_address *found) {
    struct word text = word(midge_config_text(config, config->client_advertise));
    struct word host = text;
    struct word digits;
    number_t port = 0;
    const char *reason = value_address(text, &host, &digits);
    if (reason == value_no_port) {
        reason = NULL;  // a host alone
        if (text.bytes > 2 && text.text[0] == '[' && text.text[text.bytes - 1] == ']')
            host = (struct word){text.text + 1, text.bytes - 2};
    } else if (reason == NULL && !decimal_read(digits, &port)) {
        reason = "invalid port";
    }
    if (reason != NULL)
        return reason;
    if (host.bytes > 0) {
        found->host = host.text;
        found->host_bytes = host.bytes;
    }
    if (port != 0 && port != -1)
        found->port = (int32_t)port;
    return NULL;
}

const char *midge_advertised(const struct midge_config *config, int32_t port,
                             struct midge_address *found) {
    struct word host = word(midge_config_text(config, config->host));
    *found = (struct midge_address){host.text, host.bytes, port};
    return MIDGE_CONFIG_HUB ? advertise(config, found) : NULL;
}
