#include "broker/conf/tls.h"

#include "broker/conf/number.h"
#include "broker/conf/quantity.h"
#include "broker/conf/value.h"
#include "broker/core/chars.h"

#if MIDGE_TLS

// ---- Names --------------------------------------------------------------------------------------

struct number_name {
    const char *name;
    uint16_t number;  // 0: known, but not spoken here
};

// Those with CBC, RSA key exchange or RC4, which nats-server knows as well, are not spoken.
static const struct number_name ciphers[] = {
    {"TLS_AES_128_GCM_SHA256", 0x1301},
    {"TLS_AES_256_GCM_SHA384", 0x1302},
    {"TLS_CHACHA20_POLY1305_SHA256", 0x1303},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xc02c},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca8},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 0},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 0},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 0},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 0},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", 0},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", 0},
    {"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", 0},
    {"TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", 0},
    {"TLS_ECDHE_RSA_WITH_RC4_128_SHA", 0},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", 0},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", 0},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", 0},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", 0},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", 0},
    {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0},
    {"TLS_RSA_WITH_RC4_128_SHA", 0},
};

static const struct number_name curves[] = {
    {"X25519", 29},        {"CurveP256", 23},        {"CurveP384", 24},         {"CurveP521", 25},
    {"X25519MLKEM768", 0}, {"SecP256r1MLKEM768", 0}, {"SecP384r1MLKEM1024", 0},
};

static const struct number_name versions[] = {
    {"1.2", MIDGE_TLS_1_2},
    {"1.3", MIDGE_TLS_1_3},
};

static const struct number_name *find(const struct number_name *names, uint32_t count,
                                      struct word name) {
    for (uint32_t i = 0; i < count; i++) {
        if (word_same(name, word(names[i].name)))
            return &names[i];
    }
    return NULL;
}

#define FIND(names, name) find((names), sizeof(names) / sizeof(names)[0], (name))

// ---- Lists --------------------------------------------------------------------------------------

// Reads a list of names into numbers, and answers how many there are. Those that are known but not
// spoken here are left out, with a remark.
static uint32_t read_numbers(struct reader *r, const struct entry *e,
                             const struct number_name *names, uint32_t names_count,
                             const char *unknown, uint16_t *numbers, uint32_t max) {
    struct entry inner;
    uint32_t count = 0;
    bool any = false;
    while (reader_next(r, &inner)) {
        struct word name = word("");
        if (inner.value.kind == ITEM_TEXT)
            name = value_text(r, &inner);
        else
            reader_skip(r, &inner);
        const struct number_name *found = find(names, names_count, name);
        any = true;
        if (found == NULL)
            reader_complain(r, &inner.at, unknown, &name);
        else if (found->number == 0)
            reader_say(r, &inner.at, MIDGE_REMARK, "%s is not spoken here", &name);
        else if (count == max)
            reader_full(r, e, max, "names in a list of TLS");
        else
            numbers[count++] = found->number;
    }
    if (!any)
        value_complain(r, e, "error parsing tls config, '%s' cannot be empty");
    else if (count == 0 && r->errors == 0)
        value_complain(r, e, "none of '%s' is spoken here");
    return count;
}

static bool is_fingerprint(struct word text) {
    for (uint32_t i = 0; i < text.bytes; i++) {
        char c = text.text[i];
        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')))
            return false;
    }
    return text.bytes == 64;
}

static void read_pins(struct reader *r, const struct entry *e) {
    struct midge_tls_options *tls = &r->config->tls;
    struct entry pin;
    tls->pins_count = 0;
    while (reader_next(r, &pin)) {
        struct word text = pin.value.kind == ITEM_TEXT ? value_text(r, &pin) : pin.value.text;
        if (!is_fingerprint(text)) {
            reader_complain(r, &pin.at,
                            "error parsing tls config, 'pinned_certs' key %s does not look like "
                            "hex-encoded sha256 of DER encoded SubjectPublicKeyInfo",
                            &text);
            reader_skip(r, &pin);
            continue;
        }
        if (tls->pins_count == MIDGE_TLS_PINS_MAX) {
            reader_full(r, e, MIDGE_TLS_PINS_MAX, "pinned_certs");
            continue;
        }
        midge_text t = value_keep(r, &pin, text);
        for (char *c = r->config->text + t; *c != '\0'; c++)
            *c = (char)(*c >= 'A' && *c <= 'F' ? *c | 0x20 : *c);
        tls->pins[tls->pins_count++] = t;
    }
}

// One of `certs`.
static void read_pair(struct reader *r, const struct entry *e, struct midge_tls_pair *pair) {
    struct entry part;
    while (reader_next(r, &part)) {
        midge_text *to = word_is(part.key, "cert_file", true)  ? &pair->cert_file
                         : word_is(part.key, "key_file", true) ? &pair->key_file
                                                               : NULL;
        if (part.value.kind != ITEM_TEXT)
            value_refuse(r, &part, "error parsing certificates config: unsupported type %s");
        else if (to == NULL)
            reader_unknown(r, &part, "error parsing tls certs config, unknown field %q");
        else
            *to = value_keep(r, &part, value_text(r, &part));
    }
    // As nats-server has it, a column behind what it else calls the place of a map.
    struct place at = e->at;
    at.column++;
    if (r->errors == 0 && (pair->cert_file == 0 || pair->key_file == 0))
        reader_complain(r, &at,
                        "error parsing certificates config: both 'cert_file' and 'cert_key' "
                        "options are required",
                        NULL);
}

static void read_pairs(struct reader *r, const struct entry *e) {
    struct midge_tls_options *tls = &r->config->tls;
    struct entry element;
    tls->pairs_count = 0;
    if (e->value.kind != ITEM_ARRAY) {
        value_refuse(r, e, "error parsing certificates config: unsupported type %s");
        return;
    }
    while (reader_next(r, &element)) {
        struct midge_tls_pair pair = {0, 0};
        if (element.value.kind != ITEM_MAP) {
            value_refuse(r, &element, "error parsing certificates config: unsupported type %s");
            continue;
        }
        read_pair(r, &element, &pair);
        if (tls->pairs_count == MIDGE_TLS_CERTS_MAX)
            reader_full(r, e, MIDGE_TLS_CERTS_MAX, "certs");
        else
            tls->pairs[tls->pairs_count++] = pair;
    }
}

// ---- Single values ------------------------------------------------------------------------------

static void read_version(struct reader *r, const struct entry *e) {
    struct word text = e->value.kind == ITEM_TEXT ? value_text(r, e) : e->value.text;
    const struct number_name *version = FIND(versions, text);
    if (version != NULL && e->value.kind == ITEM_TEXT)
        r->config->tls.min_version = version->number;
    else if (e->value.kind != ITEM_TEXT)
        reader_complain(r, &e->at, "error parsing tls config: 'min_version' wrong type: %s", &text);
    else if (word_same(text, word("1.0")) || word_same(text, word("1.1")))
        reader_complain(r, &e->at, "error parsing tls config: unsupported TLS version: TLS %s",
                        &text);
    else
        reader_complain(r, &e->at, "error parsing tls config: unknown version: %s", &text);
    reader_skip(r, e);
}

#define FALLBACK_MS 50
#define FALLBACK_MS_MAX 3600000

static void read_first(struct reader *r, const struct entry *e) {
    struct midge_tls_options *tls = &r->config->tls;
    number_t ns = 0;
    struct word words[2];
    tls->fallback_ms = 0;
    if (e->value.kind == ITEM_BOOL) {
        tls->handshake_first = value_true(e);
        return;
    }
    if (e->value.kind != ITEM_TEXT) {
        reader_complain(r, &e->at, "field %q should be a boolean or a string, got %s",
                        WORDS(e->key, value_go_type(e)));
        reader_skip(r, e);
        return;
    }
    struct word text = value_text(r, e);
    tls->handshake_first = !word_is(text, "false|off", true);
    if (word_is(text, "auto|auto_fallback", true))
        tls->fallback_ms = FALLBACK_MS;
    else if (!word_is(text, "true|on|false|off", true) &&
             duration_read(text, false, &ns, words) == NULL)
        tls->fallback_ms = ns <= 0                          ? 0
                           : ns / 1000000 > FALLBACK_MS_MAX ? FALLBACK_MS_MAX
                                                            : (uint32_t)((ns - 1) / 1000000 + 1);
    else if (!word_is(text, "true|on|false|off", true))
        reader_complain(r, &e->at, "field %q's value %q is invalid", WORDS(e->key, text));
}

// Whether the value is of this kind; complains in nats-server's words if not.
static bool expect(struct reader *r, const struct entry *e, enum item_kind kind) {
    if (e->value.kind == kind)
        return true;
    value_complain(r, e,
                   kind == ITEM_BOOL   ? "error parsing tls config, expected '%s' to be a boolean"
                   : kind == ITEM_TEXT ? "error parsing tls config, expected '%s' to be filename"
                   : kind == ITEM_INTEGER ? "error parsing tls config, '%s' wrong type"
                                          : "error parsing tls config, expected '%s' to be a list");
    reader_skip(r, e);
    return false;
}

void tls_refuse(struct reader *r, const struct entry *e) {
    bool off = e->value.kind == ITEM_BOOL && !value_true(e);
    if (!off && word_is(e->key, "ocsp|ocsp_cache|ocsp_peer", true))
        value_complain(r, e,
                       "%q: OCSP is not built into midge and will not be: use certificates that "
                       "live for a short time, and reload them");
    else if (!off && word_is(e->key, "verify_cert_and_check_known_urls", true))
        value_complain(r, e, "%s not supported in this context");
    else if (!off)
        value_complain(r, e, "%q is not built into this midge");
    reader_skip(r, e);
}

void tls_option_read(struct reader *r, const struct option *o, void *into, const struct entry *e) {
    struct midge_tls_options *tls = &r->config->tls;
    switch ((enum option_kind)o->kind) {
    case OPTION_TEXT:
        if (expect(r, e, ITEM_TEXT))
            *(midge_text *)option_member(o, into) = value_keep(r, e, value_text(r, e));
        break;
    case OPTION_SWITCH:
        if (expect(r, e, ITEM_BOOL))
            option_set_switch(o, into, value_true(e));
        break;
    case OPTION_VERIFY_AND_MAP:
        if (expect(r, e, ITEM_BOOL)) {
            tls->verify_and_map = value_true(e);
            tls->verify = tls->verify || tls->verify_and_map;
        }
        break;
    case OPTION_COUNT:
        if (expect(r, e, ITEM_INTEGER))
            option_set_number(o, into, e->integer);
        break;
    case OPTION_TIMEOUT:
        quantity_read(r, o, into, e);
        break;
    case OPTION_CIPHERS:
        if (expect(r, e, ITEM_ARRAY))
            tls->ciphers_count =
                read_numbers(r, e, ciphers, sizeof ciphers / sizeof ciphers[0],
                             "unrecognized cipher %s", tls->ciphers, MIDGE_TLS_CIPHERS_MAX);
        break;
    case OPTION_CURVES:
        if (expect(r, e, ITEM_ARRAY))
            tls->curves_count =
                read_numbers(r, e, curves, sizeof curves / sizeof curves[0],
                             "unrecognized curve preference %s", tls->curves, MIDGE_TLS_CURVES_MAX);
        break;
    case OPTION_VERSION:
        read_version(r, e);
        break;
    case OPTION_PINS:
        if (e->value.kind == ITEM_ARRAY) {
            read_pins(r, e);
        } else {
            value_complain(r, e,
                           "error parsing tls config, expected '%s' to be a list of hex-encoded "
                           "sha256 of DER encoded SubjectPublicKeyInfo");
            reader_skip(r, e);
        }
        break;
    case OPTION_PAIRS:
        read_pairs(r, e);
        break;
    case OPTION_FIRST:
        read_first(r, e);
        break;
    default:
        tls_refuse(r, e);
    }
}

// ---- The block ----------------------------------------------------------------------------------

// What is wrong with the files that the options name, or NULL.
static const char *check_files(const struct midge_config *config,
                               const struct midge_reading *reading) {
    const struct midge_tls_options *tls = &config->tls;
    if (tls->pairs_count > 0 && tls->cert_file != 0)
        return "error parsing tls config, cannot combine 'cert_file' option with 'certs' option";
    if (tls->pairs_count > 0 && tls->key_file != 0)
        return "error parsing tls config, cannot combine 'key_file' option with 'certs' option";
    if (tls->cert_file != 0 && tls->key_file == 0)
        return "missing 'key_file' in TLS configuration";
    if (tls->cert_file == 0 && tls->key_file != 0)
        return "missing 'cert_file' in TLS configuration";
    return reading->secure == NULL ? "TLS is not built into this midge"
                                   : reading->secure(reading->context, config, tls);
}

void tls_read(struct reader *r, const struct entry *e) {
    struct midge_tls_options *tls = &r->config->tls;
    struct entry inner;
    uint32_t errors = r->errors;
    uint32_t timeout_ms = tls->timeout_ms;
    *tls = (struct midge_tls_options){.enabled = true, .timeout_ms = timeout_ms};
    options_read(r, PLACE_TLS, r->config, &inner);
    const char *wrong = r->errors == errors ? check_files(r->config, r->reading) : NULL;
    if (wrong != NULL)
        reader_complain(r, &e->at, "%s", WORDS(word(wrong)));
}

// ---- Reload -------------------------------------------------------------------------------------

bool tls_differs(const struct option *o, const struct midge_config *from,
                 const struct midge_config *to) {
    const struct midge_tls_options *a = &from->tls;
    const struct midge_tls_options *b = &to->tls;
    if (o->kind == OPTION_FIRST)
        return a->handshake_first != b->handshake_first;
    if (o->kind == OPTION_TLS)
        return a->enabled || b->enabled;  // the files may have other contents
    bool same = a->pins_count == b->pins_count;
    for (uint32_t i = 0; same && i < a->pins_count; i++)
        same = chars_same(midge_config_text(from, a->pins[i]), midge_config_text(to, b->pins[i]));
    return !same;
}

void tls_add_change(struct format *f, const struct option *o, const struct midge_config *to) {
    char digits[DIGITS_MAX];
    if (o->kind == OPTION_FIRST)
        format_words(f, "Reloaded: Client TLS handshake first: %s",
                     WORDS(word(to->tls.handshake_first ? "true" : "false")));
    else if (o->kind == OPTION_TLS)
        format_words(f, "Reloaded: tls = %s",
                     WORDS(word(to->tls.enabled ? "enabled" : "disabled")));
    else
        format_words(f, "Reloaded: %s pinned_certs", WORDS(word_of(to->tls.pins_count, digits)));
}

// ---- The command line ---------------------------------------------------------------------------

const char *tls_override(struct midge_config *config, const struct midge_reading *reading) {
    struct midge_tls_options *tls = &config->tls;
    if (config->tls_flags.off) {
        tls->enabled = false;
        return NULL;
    }
    bool given = config->tls_flags.on || config->tls_flags.verify ||
                 config->tls_flags.cert_file != 0 || config->tls_flags.key_file != 0 ||
                 config->tls_flags.ca_file != 0;
    if (!given)
        return NULL;
    if (config->tls_flags.cert_file == 0)
        return "TLS Server certificate must be present and valid";
    if (config->tls_flags.key_file == 0)
        return "TLS Server private key must be present and valid";
    tls->enabled = true;
    tls->verify = config->tls_flags.verify;
    tls->cert_file = config->tls_flags.cert_file;
    tls->key_file = config->tls_flags.key_file;
    tls->ca_file = config->tls_flags.ca_file;
    tls->pairs_count = 0;
    tls->ciphers_count = tls->curves_count = 0;
    tls->min_version = 0;
    return check_files(config, reading);
}

#endif
