// To read records where they lie, to free a peer's certificate, and to move to a new set.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "port/tls.h"

#include <string.h>

#include <mbedtls/asn1.h>
#if MIDGE_TLS_CHACHA
#include <mbedtls/chachapoly.h>
#endif
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "port/port.h"
#include "port/tls/arena.h"
#include "port/tls/names.h"
#include "port/tls/reason.h"

#define SPANS 64                 // pieces of output in one record
#define TICKET_LIFETIME_S 86400  // half of that for the key of a ticket
#define CLOCK_STEP_US 60000000   // by which the wall clock is another than before

// A set of certificates, and the options that go with it.
struct set {
    bool ready;
    mbedtls_ssl_config config;
    mbedtls_x509_crt authorities;
    struct pair {
        mbedtls_x509_crt certificates;
        mbedtls_pk_context key;
    } pairs[MIDGE_TLS_CERTS_MAX];
    uint32_t pairs_count;
    mbedtls_ssl_ticket_context tickets;
    int ciphers[MIDGE_TLS_CIPHERS_MAX + 4];  // and those of TLS 1.3, and an end
    uint16_t groups[MIDGE_TLS_CURVES_MAX + 1];
    union {
        struct arena arena;
        uint64_t bytes[MIDGE_TLS_SET_BYTES / 8];
    };
};

// Those of the listeners, and those for calls to each remote.
static struct role {
    struct set sets[2];
    struct set *in_force, *prepared;
} roles[1 + MIDGE_TLS_REMOTES];

// A connection. The context comes first in the slot's memory, its arena behind.
struct slot {
    mbedtls_ssl_context ssl;
    midge_conn conn;
    struct role *role;
    const char *name;  // who is called, or else by its address; both of nobody else
    struct midge_peer address;
    tls_send send;
    void *context;
    const uint8_t *in;  // received bytes that are being consumed
    uint32_t in_bytes;
    uint32_t out_bytes;          // of the broker's output, in the record that is being sent
    uint64_t from_us, until_us;  // when what the peer has shown is valid; 0: it has shown nothing
    bool secured, broken;
    bool goes_on;   // the handshake, for which there was no time
    bool more;      // output follows the record that is being sent
    tls_slot next;  // free one
    union {
        struct arena arena;
        uint64_t bytes[1];
    };
};

#define SLOT_ARENA_BYTES ((MIDGE_TLS_BYTES - offsetof(struct slot, arena)) / 8 * 8)

static union {
    struct slot slot;
    uint64_t bytes[MIDGE_TLS_BYTES / 8];
} slots[MIDGE_TLS_MAX];
static union {
    struct arena arena;
    uint64_t bytes[MIDGE_TLS_NUMBERS_BYTES / 8];
} numbers;
static tls_slot slots_free, slots_fresh, slots_used, slots_high;

// ---- What Mbed TLS asks of the platform ---------------------------------------------------------

static int random_bytes(void *context, unsigned char *to, size_t n) {
    (void)context;
    return port_entropy(to, (uint32_t)n) ? 0 : MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *to, size_t max, size_t *n) {
    (void)context;
    *n = max;
    return port_entropy(to, (uint32_t)max) ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}

static struct {
    uint64_t us;  // at the start
    bool suffices;
} ground;  // what is known of the time while the clock is not

void port_floor(uint64_t wall_us, bool suffices) {
    ground.us = wall_us - port_now().us;
    ground.suffices = suffices;
}

// The time that Mbed TLS compares the dates of certificates with; judge() has the last word.
int64_t tls_time(int64_t *to) {
    struct midge_now now = port_now();
    int64_t s = (int64_t)((now.wall_us != 0 ? now.wall_us : ground.us + now.us) / 1000000);
    if (to != NULL)
        *to = s;
    return s;
}

mbedtls_ms_time_t mbedtls_ms_time(void) {
    return (mbedtls_ms_time_t)(port_now().us / 1000);
}

// ---- Certificates -------------------------------------------------------------------------------

static void set_free(struct set *s) {
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
        arena_use(&s->arena, &numbers.arena);
    int failed = mbedtls_pk_check_pair(&p->certificates.pk, &p->key, random_bytes, NULL);
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
        mbedtls_pk_parse_key(&p->key, bytes_of(key), length_of(key), NULL, 0, random_bytes, NULL);
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
    arena_use(&s->arena, &numbers.arena);
    int failed = mbedtls_ssl_ticket_write(&s->tickets, session, to, end, n, lifetime);
    arena_use(before, &numbers.arena);
    return failed;
}

static int read_ticket(void *context, mbedtls_ssl_session *session, unsigned char *from, size_t n) {
    struct set *s = context;
    struct arena *before = arena_in_use();
    arena_use(&s->arena, &numbers.arena);
    int failed = mbedtls_ssl_ticket_parse(&s->tickets, session, from, n);
    arena_use(before, &numbers.arena);
    return failed;
}

// Who comes again resumes with a ticket, except where it has to show who it is: a ticket of TLS 1.3
// does not hold the peer's certificate.
static bool set_tickets(struct set *s, const struct midge_tls_options *options) {
    if (options->verify || options->pins_count > 0)
        return true;
    mbedtls_ssl_conf_session_tickets_cb(&s->config, write_ticket, read_ticket, s);
    return mbedtls_ssl_ticket_setup(&s->tickets, random_bytes, NULL, MBEDTLS_CIPHER_AES_256_GCM,
                                    TICKET_LIFETIME_S) == 0;
}

// Days since 1970, by the proleptic Gregorian calendar, in which a year begins in March.
static int64_t days(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    month += month > 2 ? -3 : 9;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719469;
}

static uint64_t us_of(const mbedtls_x509_time *t) {
    int64_t hours = days(t->year, t->mon, t->day) * 24 + t->hour;
    int64_t seconds = (hours * 60 + t->min) * 60 + t->sec;
    return seconds > 0 ? (uint64_t)seconds * 1000000 : 1;
}

void tls_ends(uint64_t *certificate_us, uint64_t *first_us) {
    const struct set *shown = roles[PORT_LISTENERS].in_force;
    *certificate_us = *first_us = 0;
    for (uint32_t i = 0; shown != NULL && i < shown->pairs_count; i++) {
        const mbedtls_x509_crt *c = &shown->pairs[i].certificates;
        for (; c != NULL && c->raw.p != NULL; c = c->next) {
            uint64_t us = us_of(&c->valid_to);
            if (*certificate_us == 0)
                *certificate_us = us;
            if (*first_us == 0 || us < *first_us)
                *first_us = us;
        }
    }
}

static const char *set_load(struct set *s, bool calls, const struct midge_tls_options *options,
                            const struct port_certificates *files) {
    if (mbedtls_ssl_config_defaults(&s->config,
                                    calls ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return "no room for TLS";
    bool verifies = MIDGE_TLS_VERIFY && (calls ? !options->insecure : options->verify);
    mbedtls_ssl_conf_rng(&s->config, random_bytes, NULL);
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

// A handshake that began with a set that is about to be replaced cannot go on.
static void abandon(const struct set *s) {
    for (uint32_t i = 0; i < slots_fresh; i++) {
        struct slot *t = &slots[i].slot;
        if (t->conn != MIDGE_NONE && !t->secured && t->ssl.conf == &s->config)
            t->broken = true;
    }
}

const char *port_certify(uint32_t remote, const struct midge_tls_options *options,
                         const struct port_certificates *files) {
    static bool begun;
    struct role *role = &roles[remote];
    struct set *s = &role->sets[role->in_force == &role->sets[0]];
    if (s->ready) {
        arena_use(&s->arena, &s->arena);
        abandon(s);
        set_free(s);
    }
    arena_init(&s->arena, sizeof s->bytes);
    arena_use(&s->arena, &s->arena);
    if (!begun && psa_crypto_init() != PSA_SUCCESS)
        return "no entropy to be had";
    if (!begun)
        arena_init(&numbers.arena, sizeof numbers);
#if MIDGE_TLS_CHACHA
    if (!begun)
        chachapoly_begin();
#endif
    begun = true;
    mbedtls_ssl_config_init(&s->config);
    mbedtls_x509_crt_init(&s->authorities);
    for (uint32_t i = 0; i < MIDGE_TLS_CERTS_MAX; i++) {
        mbedtls_x509_crt_init(&s->pairs[i].certificates);
        mbedtls_pk_init(&s->pairs[i].key);
    }
    mbedtls_ssl_ticket_init(&s->tickets);
    s->ready = true;
    role->prepared = s;
    return set_load(s, remote != PORT_LISTENERS, options, files);
}

void port_certified(void) {
    for (uint32_t i = 0; i <= MIDGE_TLS_REMOTES; i++)
        roles[i].in_force = roles[i].prepared;
    // What was negotiated lies in the slot: of a set, an open connection needs only its functions.
    for (uint32_t i = 0; i < slots_fresh; i++) {
        struct slot *t = &slots[i].slot;
        if (t->conn != MIDGE_NONE && t->secured)
            t->ssl.conf = &t->role->in_force->config;
    }
}

// ---- Slots --------------------------------------------------------------------------------------

static struct slot *slot_of(tls_slot slot) {
    return &slots[slot - 1].slot;
}

static int receive(void *context, unsigned char *to, size_t max) {
    struct slot *t = context;
    if (t->in_bytes == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    uint32_t n = max < t->in_bytes ? (uint32_t)max : t->in_bytes;
    memcpy(to, t->in, n);
    t->in += n;
    t->in_bytes -= n;
    return (int)n;
}

static int transmit(void *context, const unsigned char *bytes, size_t n) {
    struct slot *t = context;
    int32_t sent = t->send(t->context, bytes, (uint32_t)n, t->more);
    return sent > 0 ? sent : sent == 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_CONN_EOF;
}

#if MIDGE_TLS_VERIFY
#if MIDGE_TLS_REMOTES > 0
// Whether who was called is who it was meant to be, by the names of its certificate.
static bool is_called(const struct slot *t, const mbedtls_x509_crt *c) {
    return t->name != NULL ? names_have(c, t->name, strlen(t->name))
                           : names_have_address(c, t->address.ip, t->address.ip_bytes);
}
#endif

// Sees a certificate that a peer has shown, or its authority's. While the clock is unknown no date
// says that one is valid now.
static int judge(void *context, mbedtls_x509_crt *c, int depth, uint32_t *flags) {
    struct slot *t = context;
    uint64_t from_us = us_of(&c->valid_from), until_us = us_of(&c->valid_to);
#if MIDGE_TLS_REMOTES > 0
    if (depth == 0 && t->role != &roles[PORT_LISTENERS] && !is_called(t, c))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
#endif
    (void)depth;
    if (from_us > t->from_us)
        t->from_us = from_us;
    if (t->until_us == 0 || until_us < t->until_us)
        t->until_us = until_us;
    if (port_now().wall_us != 0)
        return 0;
    *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_FUTURE;
    if (!ground.suffices)
        *flags |= REASON_CLOCK;
    return 0;
}
#endif

static tls_slot open_slot(midge_conn conn, struct role *role, tls_send send, void *context) {
    tls_slot slot = slots_free;
    if (slot != 0)
        slots_free = slot_of(slot)->next;
    else if (slots_fresh < MIDGE_TLS_MAX)
        slot = ++slots_fresh;
    else
        return 0;
    if (++slots_used > slots_high)
        slots_high = slots_used;
    struct slot *t = slot_of(slot);
    memset(t, 0, offsetof(struct slot, arena));
    t->conn = conn;
    t->role = role;
    t->send = send;
    t->context = context;
    arena_init(&t->arena, SLOT_ARENA_BYTES);
    arena_use(&t->arena, &numbers.arena);
    mbedtls_ssl_init(&t->ssl);
    t->broken = role->in_force == NULL || mbedtls_ssl_setup(&t->ssl, &role->in_force->config) != 0;
    mbedtls_ssl_set_bio(&t->ssl, t, transmit, receive, NULL);
#if MIDGE_TLS_VERIFY
    mbedtls_ssl_set_verify(&t->ssl, judge, t);
#endif
    return slot;
}

tls_slot tls_open(midge_conn conn, tls_send send, void *context) {
    return open_slot(conn, &roles[PORT_LISTENERS], send, context);
}

#if MIDGE_TLS_REMOTES > 0
tls_slot tls_call(midge_conn conn, uint32_t remote, const char *name,
                  const struct midge_peer *address, tls_send send, void *context) {
    tls_slot slot = open_slot(conn, &roles[remote], send, context);
    if (slot == 0)
        return 0;
    struct slot *t = slot_of(slot);
    t->name = name;
    t->address = *address;
    // An address is not asked for by name.
    t->broken = t->broken || mbedtls_ssl_set_hostname(&t->ssl, name) != 0;
    return slot;
}
#endif

#if MIDGE_TLS_VERIFY
void tls_spare(tls_slot slot) {
    struct slot *t = slot_of(slot);
    if (!t->broken)
        mbedtls_ssl_set_hs_authmode(&t->ssl, MBEDTLS_SSL_VERIFY_NONE);
}
#endif

void tls_close(tls_slot slot) {
    struct slot *t = slot_of(slot);
    arena_use(&t->arena, &numbers.arena);
    mbedtls_ssl_free(&t->ssl);
    t->conn = MIDGE_NONE;
    t->next = slots_free;
    slots_free = slot;
    slots_used--;
}

bool tls_secured(tls_slot slot) {
    return slot_of(slot)->secured;
}

bool tls_stalled(tls_slot slot) {
    return mbedtls_ssl_get_bytes_avail(&slot_of(slot)->ssl) > 0;
}

void tls_usage(struct midge_pool *pool) {
    *pool = (struct midge_pool){"tls", MIDGE_TLS_BYTES, MIDGE_TLS_MAX, slots_used, slots_high};
}

// ---- Handshake ----------------------------------------------------------------------------------

static void succeed(struct midge *m, struct slot *t) {
    struct midge_tls told = {
        .version = mbedtls_ssl_get_version_number(&t->ssl) == MBEDTLS_SSL_VERSION_TLS1_3
                       ? MIDGE_TLS_1_3
                       : MIDGE_TLS_1_2,
        .cipher = (uint16_t)mbedtls_ssl_get_ciphersuite_id_from_ssl(&t->ssl),
    };
    mbedtls_x509_crt *peer = MIDGE_TLS_VERIFY ? t->ssl.session->peer_cert : NULL;
    if (peer != NULL) {
        names_of(peer, &told);
        names_of_chain(peer, &told);
    }
    t->secured = true;
    t->ssl.conf = &t->role->in_force->config;
    midge_secured(m, t->conn, &told);
    if (peer == NULL)
        return;
    // Nobody looks at it again.
    mbedtls_x509_crt_free(peer);
    mbedtls_free(peer);
    t->ssl.session->peer_cert = NULL;
}

static void refuse(struct midge *m, struct slot *t, int error, uint32_t verified) {
    char text[256];
    const struct midge_tls told = {.failure = reason_of(error, verified, &t->ssl, text),
                                   .stray = error == MBEDTLS_ERR_SSL_INVALID_RECORD};
    midge_secured(m, t->conn, &told);
}

static void fail(struct midge *m, struct slot *t, int error) {
    t->broken = true;
    refuse(m, t, error, mbedtls_ssl_get_verify_result(&t->ssl));
}

void tls_turn(struct midge *m) {
    static uint64_t ahead_us;  // of the clock that never jumps
    struct midge_now now = port_now();
    uint64_t jump_us = now.wall_us - now.us - ahead_us;
    if (now.wall_us == 0 || jump_us + CLOCK_STEP_US <= 2ull * CLOCK_STEP_US)
        return;
    ahead_us += jump_us;
    for (uint32_t i = 0; i < slots_fresh; i++) {
        struct slot *t = &slots[i].slot;
        if (t->conn != MIDGE_NONE && t->secured && t->until_us != 0 &&
            (now.wall_us < t->from_us || now.wall_us > t->until_us))
            refuse(m, t, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, MBEDTLS_X509_BADCERT_EXPIRED);
    }
}

// 0 where it came to its end, or was out of time.
static int take_steps(struct slot *t, uint32_t within_ms) {
    uint32_t begin_ms = port_now().ms;
    int state = t->broken ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : 0;
    t->goes_on = false;
    while (state == 0 && !mbedtls_ssl_is_handshake_over(&t->ssl) && !t->goes_on) {
        state = mbedtls_ssl_handshake_step(&t->ssl);
        t->goes_on = state == 0 && port_now().ms - begin_ms >= within_ms;
    }
    t->goes_on = t->goes_on && !mbedtls_ssl_is_handshake_over(&t->ssl);
    return state;
}

bool tls_goes_on(tls_slot slot) {
    return slot_of(slot)->goes_on;
}

uint32_t tls_handshake(struct midge *m, tls_slot slot, const uint8_t *bytes, uint32_t n,
                       uint32_t within_ms) {
    struct slot *t = slot_of(slot);
    t->in = bytes;
    t->in_bytes = n;
    arena_use(&t->arena, &numbers.arena);
    int state = take_steps(t, within_ms);
    if (t->goes_on)
        return n - t->in_bytes;
    if (state == 0)
        succeed(m, t);
    else if (state != MBEDTLS_ERR_SSL_WANT_READ && state != MBEDTLS_ERR_SSL_WANT_WRITE)
        fail(m, t, state);
    return n - t->in_bytes;
}

// ---- Data ---------------------------------------------------------------------------------------

// Hands the record that was decrypted last to the broker. Answers whether all of it was consumed.
static int32_t deliver(struct midge *m, struct slot *t) {
    mbedtls_ssl_context *ssl = &t->ssl;
    int32_t used = midge_rx(m, t->conn, ssl->in_offt, (uint32_t)ssl->in_msglen);
    if (used < 0)
        return used;
    ssl->in_offt += used;
    ssl->in_msglen -= (size_t)used;
    if (ssl->in_msglen > 0)
        return 0;
    ssl->in_offt = NULL;
    ssl->keep_current_message = 0;
    return 1;
}

int32_t tls_rx(struct midge *m, tls_slot slot, const uint8_t *bytes, uint32_t n) {
    struct slot *t = slot_of(slot);
    t->in = bytes;
    t->in_bytes = n;
    arena_use(&t->arena, &numbers.arena);
    for (;;) {
        if (mbedtls_ssl_get_bytes_avail(&t->ssl) > 0) {
            int32_t delivered = deliver(m, t);
            if (delivered < 0)
                return delivered;
            if (delivered == 0)
                return (int32_t)(n - t->in_bytes);
        }
        int state = mbedtls_ssl_read(&t->ssl, NULL, 0);
        if (state == MBEDTLS_ERR_SSL_WANT_READ && t->in_bytes == 0)
            return (int32_t)n;
        if (state == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            return TLS_ENDED;
        if (state < 0 && state != MBEDTLS_ERR_SSL_WANT_READ &&
            state != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
            return TLS_BROKEN;
    }
}

// Gathers the output that goes into one record.
static const uint8_t *gather(struct midge *m, struct slot *t, uint32_t *n) {
    static uint8_t record[MBEDTLS_SSL_OUT_CONTENT_LEN];
    struct midge_span spans[SPANS];
    uint32_t count = midge_tx(m, t->conn, 0, spans, SPANS);
    *n = 0;
    if (count > 0 && (count == 1 || spans[0].n >= sizeof record)) {
        *n = spans[0].n < sizeof record ? spans[0].n : (uint32_t)sizeof record;
        return spans[0].bytes;
    }
    for (uint32_t i = 0; i < count && *n < sizeof record; i++) {
        uint32_t room = (uint32_t)sizeof record - *n;
        uint32_t part = spans[i].n < room ? spans[i].n : room;
        memcpy(record + *n, spans[i].bytes, part);
        *n += part;
    }
    return record;
}

int32_t tls_tx(struct midge *m, tls_slot slot) {
    struct slot *t = slot_of(slot);
    arena_use(&t->arena, &numbers.arena);
    for (;;) {
        const uint8_t *bytes = NULL;
        // A record that was not sent whole is sent on; what it was made of is not looked at again.
        if (t->out_bytes == 0)
            bytes = gather(m, t, &t->out_bytes);
        if (t->out_bytes == 0)
            return 1;
        struct midge_span next;
        t->more = midge_tx(m, t->conn, t->out_bytes, &next, 1) > 0;
        int sent = mbedtls_ssl_write(&t->ssl, bytes, t->out_bytes);
        if (sent == MBEDTLS_ERR_SSL_WANT_WRITE) {
            midge_sent(m, t->conn, 0);
            return 0;
        }
        if (sent < 0)
            return sent;
        t->out_bytes = 0;
        t->more = false;
        midge_sent(m, t->conn, (uint32_t)sent);
    }
}

void tls_end(tls_slot slot) {
    struct slot *t = slot_of(slot);
    arena_use(&t->arena, &numbers.arena);
    if (t->secured)
        mbedtls_ssl_close_notify(&t->ssl);
}
