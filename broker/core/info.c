#include "broker/core/info.h"

#include "broker/core/midge.h"

void info_send(struct midge *m, struct conn *c, bool connected) {
    const struct midge_config *config = m->config;
    struct format f = {m->line, 0, sizeof m->line};
    const char *name = midge_config_text(config, config->server_name);
    if (name[0] == '\0')
        name = m->id;
    struct midge_address at;
    (void)midge_advertised(config, m->host.port, &at);
    format_text(&f, "INFO {\"server_id\":\"");
    format_text(&f, m->id);
    format_text(&f, "\",\"server_name\":");
    format_json(&f, name, (uint32_t)strlen(name));
    format_text(&f, ",\"version\":\"" MIDGE_NATS_VERSION "\",\"proto\":1,\"go\":\"");
    format_text(&f, m->host.platform != NULL ? m->host.platform : "");
    format_text(&f, "\",\"host\":");
    format_json(&f, at.host, at.host_bytes);
    format_text(&f, ",\"port\":");
    format_u64(&f, (uint32_t)at.port);
    format_text(&f, config->no_header_support ? ",\"headers\":false" : ",\"headers\":true");
    if (m->rooms->auth_required(m) && config->no_auth_user == 0)
        format_text(&f, ",\"auth_required\":true");
    format_text(&f, ",\"max_payload\":");
    format_u64(&f, config->max_payload);
    format_text(&f, ",\"client_id\":");
    format_u64(&f, c->cid);
    if (c->peer.ip_bytes > 0) {
        format_text(&f, ",\"client_ip\":\"");
        format_ip(&f, &c->peer);
        format_char(&f, '"');
    }
    if (m->lame_duck)
        format_text(&f, ",\"ldm\":true");
    if (connected)
        format_text(&f, ",\"connect_info\":true,\"remote_account\":\"$G\"");
    format_text(&f, "} \r\n");
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
