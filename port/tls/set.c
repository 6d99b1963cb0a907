// To free what a set holds, which Mbed TLS calls private.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "port/tls/set.h"

#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

#include "port/tls/names.h"

#define TICKET_LIFETIME_S 86400  // half of that for the key of a ticket

union tls_numbers tls_numbers;

int tls_random(void *context, unsigned char *to, size_t n) {
    (void)context;
    return port_entropy(to, (uint32_t)n) ? 0 : MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED;
}

// ---- Certificates and keys ----------------------------------------------------------------------

void set_free(struct set *s) {
    s->ready = false;
    mbedtls_ssl_config_free(&s->config);
    mbedtls_x509_crt_free(&s->authorities);
    for (uint32_t i = 0; i < MIDGE_TLS_CERTS_MAX; i++) {
        mbedtls_x509_crt_free(&s->pairs[i].certificates);
        mbedtls_pk_free(&s->pairs[i].key);
    }
    mbedtls_ssl_ticket_free(&s->tickets);
}

static const unsigned char *bytes_of(const struct port_text *t) {
    return (const unsigned char *)t->text;
}

static bool is_pem(const struct port_text *t) {
    static const char pem[] = "-----BEGIN ";
    bool is = false;
    for (uint32_t i = 0; !is && i + sizeof pem - 1 <= t->bytes; i++)
        is = memcmp(t->text + i, pem, sizeof pem - 1) == 0;
    return is;
}

// Its length as Mbed TLS counts it: with the NUL, in PEM.
static size_t length_of(const struct port_text *t) {
    return t->bytes + (is_pem(t) ? 1u : 0u);
}

// In PEM as many as there are, and so in DER, one behind another.
static int parse_certificates(mbedtls_x509_crt *to, const struct port_text *t) {
    if (is_pem(t))
        return mbedtls_x509_crt_parse(to, bytes_of(t), length_of(t));
    unsigned char *at = (unsigned char *)bytes_of(t);  // which is not written to
    const unsigned char *end = at + t->bytes;
    int failed = t->bytes > 0 ? 0 : MBEDTLS_ERR_X509_INVALID_FORMAT;
    while (failed == 0 && at < end) {
        const unsigned char *begin = at;
        size_t n;
        failed =
            mbedtls_asn1_get_tag(&at, end, &n, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
        if (failed == 0)
            failed = mbedtls_x509_crt_parse_der(to, begin, (size_t)(at - begin) + n);
        at += n;
    }
    return failed;
}

// Whether the key is that of the certificate. On a chip a set has no room for what that is computed
// with.
static bool is_pair(struct set *s, struct pair *p) {
    if (!MIDGE_TLS_HUB)
        arena_use(&s->arena, &tls_numbers.arena);
    int failed = mbedtls_pk_check_pair(&p->certificates.pk, &p->key, tls_random, NULL);
    arena_use(&s->arena, &s->arena);
    return failed == 0;
}

// NULL, or what is wrong.
static const char *load_pair(struct set *s, const struct port_text *chain,
                             const struct port_text *key) {
    struct pair *p = &s->pairs[s->pairs_count++];
    int failed = parse_certificates(&p->certificates, chain);
    if (failed == MBEDTLS_ERR_X509_ALLOC_FAILED)
        return "the certificates are larger than MIDGE_TLS_SET_BYTES";
    if (failed != 0 && p->certificates.raw.len == 0)
        return "tls: failed to find any PEM data in certificate input";
    if (failed != 0)
        return "x509: malformed certificate";
    failed =
        mbedtls_pk_parse_key(&p->key, bytes_of(key), length_of(key), NULL, 0, tls_random, NULL);
    if (failed == MBEDTLS_ERR_PK_KEY_INVALID_FORMAT && length_of(key) == key->bytes)
        return "tls: failed to find any PEM data in key input";
    if (failed != 0)
        return "tls: failed to parse private key";
    if (mbedtls_pk_get_type(&p->certificates.pk) != mbedtls_pk_get_type(&p->key))
        return "tls: private key type does not match public key type";
    if (!is_pair(s, p))
        return "tls: private key does not match public key";
    if (mbedtls_ssl_conf_own_cert(&s->config, &p->certificates, &p->key) != 0)
        return "the certificates are larger than MIDGE_TLS_SET_BYTES";
    return NULL;
}

static char *add(char *to, const char *text) {
    size_t n = strlen(text);
    memcpy(to, text, n + 1);
    return to + n;
}

static char *add_number(char *to, uint32_t n) {
    uint32_t unit = 1;
    while (n / unit >= 10)
        unit *= 10;
    for (; unit > 0; unit /= 10)
        *to++ = (char)('0' + n / unit % 10);
    return to;
}

// All pairs. In a list of them, what is wrong is told with its place.
static const char *load_pairs(struct set *s, const struct port_certificates *files) {
    static char text[160];
    const char *wrong = files->chain.bytes > 0 ? load_pair(s, &files->chain, &files->key) : NULL;
    for (uint32_t i = 0; i < files->more_count && wrong == NULL; i++)
        wrong = load_pair(s, &files->more[i].chain, &files->more[i].key);
    if (wrong == NULL)
        return NULL;
    char *to = add(text, "error parsing X509 certificate/key pair");
    if (files->listed) {
        to = add_number(add(to, " "), s->pairs_count);
        to = add_number(add(to, "/"), files->more_count + 1);
    }
    add(add(to, ": "), wrong);
    return text;
}

#if MIDGE_TLS_HUB
// Of several certificates, a client that asks for a name gets one of those that have it, or else
// the first of all; one that asks for none gets any of them that it can verify.
static int choose(void *context, mbedtls_ssl_context *ssl, const unsigned char *name, size_t n) {
    struct set *s = context;
    int failed = 0;
    bool any = false;
    for (uint32_t i = 0; i < s->pairs_count && failed == 0; i++) {
        struct pair *p = &s->pairs[i];
        if (!names_have(&p->certificates, (const char *)name, n))
            continue;
        failed = mbedtls_ssl_set_hs_own_cert(ssl, &p->certificates, &p->key);
        any = true;
    }
    struct pair *first = &s->pairs[0];
    return any ? failed : mbedtls_ssl_set_hs_own_cert(ssl, &first->certificates, &first->key);
}
#endif

static const char *load_authorities(struct set *s, const struct port_text *text) {
    if (!MIDGE_TLS_VERIFY || text->bytes == 0)
        return NULL;
    int failed = parse_certificates(&s->authorities, text);
    if (failed == MBEDTLS_ERR_X509_ALLOC_FAILED)
        return "ca_file is larger than MIDGE_TLS_SET_BYTES";
    if (s->authorities.raw.len == 0)
        return "failed to parse root ca certificate";
    mbedtls_ssl_conf_ca_chain(&s->config, &s->authorities, NULL);
    return NULL;
}

// Those that are built.
static int *add_ciphers(int *to, const uint16_t *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (mbedtls_ssl_ciphersuite_from_id(from[i]) != NULL)
            *to++ = from[i];
    }
    return to;
}

static void set_ciphers(struct set *s, const struct midge_tls_options *options) {
    static const uint16_t usual[] = {
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    };
    const uint16_t *from = options->ciphers_count > 0 ? options->ciphers : usual;
    uint32_t count = options->ciphers_count > 0 ? options->ciphers_count : sizeof usual / 2;
    static const uint16_t always[] = {MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
                                      MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
                                      MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256};
    int *to = add_ciphers(s->ciphers, always, sizeof always / 2);
    *add_ciphers(to, from, count) = 0;
    mbedtls_ssl_conf_ciphersuites(&s->config, s->ciphers);
}

static void set_groups(struct set *s, const struct midge_tls_options *options) {
    static const uint16_t usual[] = {
        MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
        MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1};
    const uint16_t *from = options->curves_count > 0 ? options->curves : usual;
    uint32_t count = options->curves_count > 0 ? options->curves_count : sizeof usual / 2;
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (mbedtls_ecp_curve_info_from_tls_id(from[i]) != NULL)
            s->groups[n++] = from[i];
    }
    s->groups[n] = 0;
    mbedtls_ssl_conf_groups(&s->config, s->groups);
}

#if MIDGE_TLS_REMOTES > 0
// What who is called may sign by. Servers of TLS 1.2 take the first that suits them, and there Mbed
// TLS does not know PSS: it comes last.
static void set_signatures(struct set *s) {
    static const uint16_t all[] = {
        MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
        MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
        MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
        MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
        MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,    MBEDTLS_TLS1_3_SIG_NONE};
    mbedtls_ssl_conf_sig_algs(&s->config, all);
}
#endif

// Tickets. A key that is found too old, as all are once the clock is known, is made anew: it lies
// with its set, beyond the connection that found it.
static int write_ticket(void *context, const mbedtls_ssl_session *session, unsigned char *to,
                        const unsigned char *end, size_t *n, uint32_t *lifetime) {
    struct set *s = context;
    struct arena *before = arena_in_use();
    arena_use(&s->arena, &tls_numbers.arena);
    int failed = mbedtls_ssl_ticket_write(&s->tickets, session, to, end, n, lifetime);
    arena_use(before, &tls_numbers.arena);
    return failed;
}

static int read_ticket(void *context, mbedtls_ssl_session *session, unsigned char *from, size_t n) {
    struct set *s = context;
    struct arena *before = arena_in_use();
    arena_use(&s->arena, &tls_numbers.arena);
    int failed = mbedtls_ssl_ticket_parse(&s->tickets, session, from, n);
    arena_use(before, &tls_numbers.arena);
    return failed;
}

// Who comes again resumes with a ticket, except where it has to show who it is: a ticket of TLS 1.3
// does not hold the peer's certificate.
static bool set_tickets(struct set *s, const struct midge_tls_options *options) {
    if (options->verify || options->pins_count > 0)
        return true;
    mbedtls_ssl_conf_session_tickets_cb(&s->config, write_ticket, read_ticket, s);
    return mbedtls_ssl_ticket_setup(&s->tickets, tls_random, NULL, MBEDTLS_CIPHER_AES_256_GCM,
                                    TICKET_LIFETIME_S) == 0;
}

// Days since 1970, by the proleptic Gregorian calendar, in which a year begins in March.
static int64_t days(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    month += month > 2 ? -3 : 9;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719469;
}

uint64_t set_time_us(const mbedtls_x509_time *t) {
    int64_t hours = days(t->year, t->mon, t->day) * 24 + t->hour;
    int64_t seconds = (hours * 60 + t->min) * 60 + t->sec;
    return seconds > 0 ? (uint64_t)seconds * 1000000 : 1;
}

static void begin(struct set *s) {
    mbedtls_ssl_config_init(&s->config);
    mbedtls_x509_crt_init(&s->authorities);
    for (uint32_t i = 0; i < MIDGE_TLS_CERTS_MAX; i++) {
        mbedtls_x509_crt_init(&s->pairs[i].certificates);
        mbedtls_pk_init(&s->pairs[i].key);
    }
    mbedtls_ssl_ticket_init(&s->tickets);
    s->ready = true;
}

const char *set_load(struct set *s, bool calls, const struct midge_tls_options *options,
                     const struct port_certificates *files) {
    begin(s);
    if (mbedtls_ssl_config_defaults(&s->config,
                                    calls ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return "no room for TLS";
    bool verifies = MIDGE_TLS_VERIFY && (calls ? !options->insecure : options->verify);
    mbedtls_ssl_conf_rng(&s->config, tls_random, NULL);
    mbedtls_ssl_conf_min_tls_version(&s->config, options->min_version == MIDGE_TLS_1_3
                                                     ? MBEDTLS_SSL_VERSION_TLS1_3
                                                     : MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_authmode(&s->config,
                              verifies ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
    set_ciphers(s, options);
    set_groups(s, options);
#if MIDGE_TLS_REMOTES > 0
    if (calls)
        set_signatures(s);
#endif
    if (!calls && !set_tickets(s, options))
        return "no room for TLS";
    s->pairs_count = 0;
    const char *wrong = load_pairs(s, files);
#if MIDGE_TLS_HUB
    if (files->more_count > 0)
        mbedtls_ssl_conf_sni(&s->config, choose, s);
#endif
    return wrong != NULL ? wrong : load_authorities(s, &files->authorities);
}

void set_ends(const struct set *s, uint64_t *certificate_us, uint64_t *first_us) {
    *certificate_us = *first_us = 0;
    for (uint32_t i = 0; s != NULL && i < s->pairs_count; i++) {
        const mbedtls_x509_crt *c = &s->pairs[i].certificates;
        for (; c != NULL && c->raw.p != NULL; c = c->next) {
            uint64_t us = set_time_us(&c->valid_to);
            if (*certificate_us == 0)
                *certificate_us = us;
            if (*first_us == 0 || us < *first_us)
                *first_us = us;
        }
    }
}
