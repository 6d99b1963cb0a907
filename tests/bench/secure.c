#include "secure.h"
#include "meter.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

struct secure {
    SSL_CTX *context;
    SSL_SESSION *session;  // the newest that a server gave
    uint64_t resumed;
    bool resumes;
};

static _Noreturn void complain(const char *what) {
    const char *why = ERR_reason_error_string(ERR_get_error());
    fail("%s: %s", what, why != NULL ? why : "the connection was closed");
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
    struct secure *secure = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION_free(secure->session);
    secure->session = session;
    return 1;
}

// The generator's own certificates are not what is measured: that there is one suffices, since the
// signature with its key is verified in any case.
struct secure *secure_init(const struct secure_shape *shape) {
    struct secure *secure = calloc(1, sizeof *secure);
    int version = strcmp(shape->version, "1.3") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
    secure->context = SSL_CTX_new(TLS_client_method());
    secure->resumes = shape->resumes;
    if (!secure->context || !SSL_CTX_set_min_proto_version(secure->context, version) ||
        !SSL_CTX_set_max_proto_version(secure->context, version))
        complain("no TLS");
    if (shape->ciphers &&
        !(version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(secure->context, shape->ciphers)
                                    : SSL_CTX_set_cipher_list(secure->context, shape->ciphers)))
        complain("no such cipher");
    SSL_CTX_set_app_data(secure->context, secure);
    SSL_CTX_set_mode(secure->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(secure->context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(secure->context, keep_session);
    return secure;
}

SSL *secure_open(struct secure *secure, int fd) {
    SSL *ssl = SSL_new(secure->context);
    if (!ssl || !SSL_set_fd(ssl, fd))
        complain("no TLS");
    if (secure->resumes && secure->session && !SSL_set_session(ssl, secure->session))
        complain("no resumption");
    SSL_set_connect_state(ssl);
    return ssl;
}

// Whether it only has to wait.
static bool waits(const SSL *ssl, int result) {
    int error = SSL_get_error(ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

int secure_handshake(struct secure *secure, SSL *ssl) {
    int done = SSL_do_handshake(ssl);
    if (done != 1 && !waits(ssl, done))
        complain("the handshake failed");
    if (done == 1)
        secure->resumed += SSL_session_reused(ssl) != 0;
    return done == 1;
}

size_t secure_read(SSL *ssl, void *to, size_t n) {
    size_t got = 0;
    int done = SSL_read_ex(ssl, to, n, &got);
    if (done != 1 && !waits(ssl, done))
        complain("the server closed a connection");
    return got;
}

size_t secure_write(SSL *ssl, const void *bytes, size_t n) {
    size_t put = 0;
    int done = SSL_write_ex(ssl, bytes, n, &put);
    if (done != 1 && !waits(ssl, done))
        complain("the server closed a connection");
    return put;
}

uint64_t secure_resumed(const struct secure *secure) {
    return secure->resumed;
}

void secure_close(SSL *ssl) {
    SSL_shutdown(ssl);
    SSL_free(ssl);
}
