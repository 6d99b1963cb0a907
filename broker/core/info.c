#include "broker/core/info.h"

#include "broker/core/args.h"
#include "broker/core/midge.h"
#include "broker/core/secure.h"

#if MIDGE_TLS
#define TLS(...) __VA_ARGS__
#else
#define TLS(...)
#endif

#if MIDGE_NKEYS
// A new connection is given a nonce where somebody has an NKey. Without entropy there is none, and
// no NKey is admitted.
static bool give_nonce(struct midge *m, struct conn *c) {
    if (!m->rooms->nonce_required(m) || !m->config->entropy(c->nonce, NONCE_BYTES)) {
        memset(c->nonce, 0, NONCE_BYTES);
        return false;
    }
    for (uint32_t i = 0; i < NONCE_BYTES; i++)
        c->nonce[i] = (uint8_t) "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            [c->nonce[i] & 63];
    return true;
}
#endif

void info_send(struct midge *m, struct conn *c, bool connected) {
    const struct midge_config *config = m->config;
    struct format f = {m->line, 0, sizeof m->line};
    const char *name = midge_config_text(config, config->server_name);
    if (name[0] == '\0')
        name = m->id;
    struct midge_address at;
    (void)midge_advertised(config, m->host.port, &at);
    struct word name_word = {(const uint8_t *)name, (uint32_t)strlen(name)};
    struct word host = {(const uint8_t *)at.host, at.host_bytes};
    bool auth_required = m->rooms->auth_required(m) && config->no_auth_user == 0;
    format_say(&f,
               "INFO {\"server_id\":\"%s\",\"server_name\":%j,\"version\":\"" MIDGE_NATS_VERSION
               "\",\"proto\":1,\"go\":\"%s\",\"host\":%j,\"port\":%u,\"headers\":%s%s" TLS(
                   "%s") ",\"max_payload\":%u,\"client_id\":",
               m->id, &name_word, m->host.platform != NULL ? m->host.platform : "", &host,
               (uint32_t)at.port, config->no_header_support ? "false" : "true",
               auth_required ? ",\"auth_required\":true" : "",
               TLS(secure_info(m, c), ) config->max_payload);
    format_u64(&f, c->cid);
    if (c->peer.ip_bytes > 0) {
        format_text(&f, ",\"client_ip\":\"");
        format_ip(&f, &c->peer);
        format_char(&f, '"');
    }
#if MIDGE_NKEYS
    if (!(c->flags & CONN_CONNECTED) && give_nonce(m, c))
        format_say(&f, ",\"nonce\":\"%w\"", &(struct word){c->nonce, NONCE_BYTES});
#endif
    format_say(&f, "%s%s} \r\n", m->lame_duck ? ",\"ldm\":true" : "",
               connected ? ",\"connect_info\":true,\"remote_account\":\"$G\"" : "");
    conn_send(m, c, f.to, f.n);
}

void info_send_all(struct midge *m) {
    const uint32_t wanted = CONN_ASYNC_INFO | CONN_PONGED;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        struct conn *c = &m->connections[i];
        if (c->kind == MIDGE_CLIENT && (c->flags & (wanted | CONN_CLOSING)) == wanted)
            info_send(m, c, false);
    }
}
