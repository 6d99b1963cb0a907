#include "broker/core/client.h"

#include "broker/core/args.h"
#include "broker/core/connect.h"
#include "broker/core/info.h"
#include "broker/core/json.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/secure.h"
#include "broker/core/subscription.h"
#include "broker/core/trace.h"

#define FIRST_PING_MS 2000
#define RTT_STALE_US (3600ull * 1000000)

// ---- What a client is told ----------------------------------------------------------------------

void client_error(struct midge *m, struct conn *c, const char *text) {
    trace_out(m, c, "-ERR", text, (uint32_t)strlen(text));
    conn_send_text(m, c, "-ERR '");
    conn_send_text(m, c, text);
    conn_send_text(m, c, "'\r\n");
}

void client_end(struct midge *m, struct conn *c, int reason, const char *text) {
    client_error(m, c, text);
    conn_close(m, c, reason, true);
}

void client_breach(struct midge *m, struct conn *c, const char *what, const uint8_t *bytes,
                   uint32_t n) {
    log_conn_say(m, c, MIDGE_ERR, n > 0 ? "%s%q" : "%s", what, &(struct word){bytes, n});
    conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
}

// An error is composed in a scratch line of its own, since what it quotes lies in the other one.
#define ERROR_END "'\r\n"

struct format client_error_begin(struct midge *m) {
    return (struct format){m->rest, 0, sizeof m->rest - (sizeof ERROR_END - 1)};
}

void client_error_end(struct midge *m, struct conn *c, struct format *line) {
    trace_out(m, c, "-ERR", line->to + 6, line->n - 6);
    line->max += sizeof ERROR_END - 1;
    format_text(line, ERROR_END);
    conn_send(m, c, line->to, line->n);
}

void client_ok(struct midge *m, struct conn *c) {
    if (!(c->flags & CONN_VERBOSE))
        return;
    trace_out(m, c, "OK", NULL, 0);
    conn_send(m, c, "+OK\r\n", 5);
}

static void set_ping(struct midge *m, struct conn *c, uint32_t in_ms) {
    c->ping_ms = m->now.ms + in_ms;
    conn_timer(m, c, c->ping_ms);
}

void client_first_ping(struct midge *m, struct conn *c) {
    uint32_t ms = m->config->ping_interval_ms;
    if (ms > FIRST_PING_MS)
        ms = FIRST_PING_MS;
    set_ping(m, c, ms + random_below(m, ms / 5 + 1));
}

void client_turn_away(struct midge *m, struct conn *c) {
    info_send(m, c, false);
    static const char text[] = "maximum connections exceeded";
    log_conn_say(m, c, MIDGE_ERR, text);
    client_end(m, c, MIDGE_MAX_CONNECTIONS, text);
}

void client_begin(struct midge *m, struct conn *c) {
    if (!m->rooms->auth_required(m)) {
        c->flags |= CONN_ADMITTED;
    } else {
        c->auth_due = true;
        c->auth_ms = m->now.ms + m->config->auth_timeout_ms;
        conn_timer(m, c, c->auth_ms);
    }
    client_first_ping(m, c);
}

void client_greet(struct midge *m, struct conn *c) {
    c->flags |= CONN_VERBOSE | CONN_PEDANTIC | CONN_ECHO;
#if MIDGE_TLS
    if (m->config->tls.enabled) {
        secure_greet(m, c);
    } else
#endif
    {
        client_begin(m, c);
        info_send(m, c, false);
    }
    if (debugging(m))
        log_conn_say(m, c, MIDGE_DBG, "Client connection created");
}

// ---- Commands and time --------------------------------------------------------------------------

static void pinged(struct midge *m, struct conn *c) {
    trace_out(m, c, "PONG", NULL, 0);
    conn_send(m, c, "PONG\r\n", 6);
    c->pinged_ms = m->now.ms;
    if (!(c->flags & CONN_CONNECTED) || (c->flags & CONN_PONGED))
        return;
    c->flags |= CONN_PONGED;
    if (c->flags & CONN_ASYNC_INFO)
        info_send(m, c, true);
}

static void ponged(struct midge *m, struct conn *c) {
    c->pings_out = 0;
    if (c->ping_us != 0)
        c->rtt_us = (uint32_t)m->now.us - c->ping_us;
}

bool client_command(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                    uint32_t n) {
    // What waited for its answer was traced before.
    const uint32_t known = CONN_CONNECTED | CONN_ADMITTED;
    bool again = verb == VERB_CONNECT && (c->flags & known) == CONN_CONNECTED;
    if (tracing(m) && !again && verb != VERB_OK && verb != VERB_INFO && verb != VERB_ERR)
        trace_in(m, c, verb_name(verb), args, n);
    if (verb == VERB_CONNECT || verb == VERB_SUB || verb == VERB_UNSUB)
        c->active_us = m->now.us;
    enum json_type type;
    switch (verb) {
    case VERB_CONNECT:
        return connect_command(m, c, args, n);
    case VERB_SUB:
        subscription_add(m, c, args, n);
        break;
    case VERB_UNSUB:
        subscription_drop(m, c, args, n);
        break;
    case VERB_PING:
        pinged(m, c);
        break;
    case VERB_PONG:
        ponged(m, c);
        break;
    case VERB_INFO:
        // Clients have nothing to say here, but it must be JSON.
        type = json_of(args, n);
        if (type != JSON_OBJECT && type != JSON_NULL)
            client_breach(m, c, "processInfo Parse Error: ", args, n);
        break;
    case VERB_ERR:
        log_conn_say(m, c, MIDGE_ERR, "Client Error %w", &(struct word){args, n});
        conn_close(m, c, MIDGE_PARSE_ERROR, true);
        break;
    default:
        break;
    }
    return true;
}

static void stale(struct midge *m, struct conn *c) {
    if (debugging(m))
        log_conn_say(m, c, MIDGE_DBG, "Stale Client Connection - Closing");
    m->stale_connections++;
    client_end(m, c, MIDGE_STALE, "Stale Connection");
}

static void ping(struct midge *m, struct conn *c) {
    uint32_t interval = m->config->ping_interval_ms;
    if (c->flags & CONN_JUDGING) {  // its answer would wait with the rest of its input
        set_ping(m, c, interval);
        return;
    }
    if (debugging(m))
        log_conn_say(m, c, MIDGE_DBG, "Client Ping Timer");
    bool need_rtt = c->ping_us == 0 || m->now.us - c->last_ping_us > RTT_STALE_US;
    bool heard = m->now.us - c->active_us < (uint64_t)interval * 1000 ||
                 (c->pinged_ms != 0 && m->now.ms - c->pinged_ms < interval);
    if (!heard || need_rtt) {
        if (c->pings_out + 1u > m->config->ping_max) {
            stale(m, c);
            return;
        }
        c->pings_out++;
        c->last_ping_us = m->now.us;
        c->ping_us = (uint32_t)m->now.us | 1;
        trace_out(m, c, "PING", NULL, 0);
        conn_send(m, c, "PING\r\n", 6);
    }
    set_ping(m, c, interval);
}

void client_tick(struct midge *m, struct conn *c) {
    conn_tick(m, c);
    if (c->flags & CONN_CLOSING)
        return;
#if MIDGE_TLS
    if (secure_tick(m, c))
        return;
#endif
    if (c->auth_due && conn_due(m, c, c->auth_ms)) {
        static const char text[] = "Authentication Timeout";
        client_end(m, c, MIDGE_AUTH_TIMEOUT, text);
        if (debugging(m))
            log_conn_say(m, c, MIDGE_DBG, text);
        return;
    }
#if MIDGE_JUDGING
    if ((c->flags & CONN_DELAYED) && conn_due(m, c, c->auth_ms))
        conn_judged(m, c);
#endif
    if (c->in.line_bytes > 0) {
        if (conn_due(m, c, c->in.since_ms + m->config->payload_idle_ms)) {
            if (!(c->flags & CONN_STALLED)) {
                stale(m, c);
                return;
            }
            conn_timer(m, c, m->now.ms + 1000);
        }
    }
    if (conn_due(m, c, c->ping_ms))
        ping(m, c);
}
