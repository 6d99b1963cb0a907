// To read records where they lie, to free a peer's certificate, and to move to a new set.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "port/tls.h"

#include <string.h>

#if MIDGE_TLS_CHACHA
#include <mbedtls/chachapoly.h>
#endif
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "port/port.h"
#include "port/tls/arena.h"
#include "port/tls/names.h"
#include "port/tls/reason.h"
#include "port/tls/set.h"

#define SPANS 64                // pieces of output in one record
#define CLOCK_STEP_US 60000000  // by which the wall clock is another than before

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
static tls_slot slots_free, slots_fresh, slots_used, slots_high;

// ---- What Mbed TLS asks of the platform ---------------------------------------------------------

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
        arena_init(&tls_numbers.arena, sizeof tls_numbers);
#if MIDGE_TLS_CHACHA
    if (!begun)
        chachapoly_begin();
#endif
    begun = true;
    role->prepared = s;
    return set_load(s, remote != PORT_LISTENERS, options, files);
}

void tls_ends(uint64_t *certificate_us, uint64_t *first_us) {
    set_ends(roles[PORT_LISTENERS].in_force, certificate_us, first_us);
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
    uint64_t from_us = set_time_us(&c->valid_from), until_us = set_time_us(&c->valid_to);
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
    arena_use(&t->arena, &tls_numbers.arena);
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
    arena_use(&t->arena, &tls_numbers.arena);
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
    arena_use(&t->arena, &tls_numbers.arena);
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
    arena_use(&t->arena, &tls_numbers.arena);
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
    arena_use(&t->arena, &tls_numbers.arena);
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
    arena_use(&t->arena, &tls_numbers.arena);
    if (t->secured)
        mbedtls_ssl_close_notify(&t->ssl);
}
