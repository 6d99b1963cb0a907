#include "sim/chronicle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/tree.h"
#include "sim/words.h"
#include "sim/world.h"

// ---- Pairs of what was logged and what has happened ---------------------------------------------

static void fail(struct world *w, const struct cable *c, const char *a, uint32_t an, const char *b,
                 uint32_t bn) {
    fprintf(stderr, "cid %llu, actor %u:\n%.*s\n%.*s\n", (unsigned long long)c->chronicle.cid,
            c->actor, (int)an, a, (int)bn, b);
    world_fail(w, "the log says another thing than what happened");
}

// How much of a line about a payload shows the payload: without what ends it.
static uint32_t shown(const char *text, uint32_t n, bool cut, bool *more) {
    static const char dots[] = "...\"]", plain[] = "\"]";
    *more = !cut && n > strlen(dots) && memcmp(text + n - strlen(dots), dots, strlen(dots)) == 0;
    // The line may have been cut within these, or just behind them.
    while (cut && memchr(".\"]", text[n - 1], 3) != NULL)
        n--;
    return cut ? n : n - (uint32_t)strlen(*more ? dots : plain);
}

// Of a payload in blocks the log shows what lies in the first one; that it was cut to the length
// that is asked for, it says in any case.
static bool same_payload(const struct told_line *logged, const char *text, uint32_t n, bool cut) {
    bool more, owed;
    uint32_t a = shown(logged->text, logged->n, logged->cut, &more), b = shown(text, n, cut, &owed);
    return a <= b && memcmp(logged->text, text, a) == 0 && (logged->cut || cut || more == owed);
}

static void tell(struct world *w, struct cable *c, uint32_t sort, bool logged, const char *text,
                 uint32_t n, bool cut) {
    struct told_lines *t = &c->chronicle.lines[sort];
    n = n < MIDGE_LOG_LINE_BYTES ? n : MIDGE_LOG_LINE_BYTES;
    if (t->count > 0 && t->logged != logged) {
        const struct told_line *other = &t->line[t->first];
        if (sort == TOLD_IN_PAYLOAD || sort == TOLD_OUT_PAYLOAD) {
            struct told_line this = {.n = (uint8_t)n, .cut = cut};
            memcpy(this.text, text, n);
            if (logged ? !same_payload(&this, other->text, other->n, other->cut)
                       : !same_payload(other, text, n, cut))
                fail(w, c, other->text, other->n, text, n);
            t->first = (uint16_t)((t->first + 1) % TOLD_MAX);
            t->count--;
            return;
        }
        uint32_t most = n < other->n ? n : other->n;
        bool same = memcmp(text, other->text, most) == 0 &&
                    (n == other->n || (cut && most == n) || (other->cut && most == other->n));
        if (!same)
            fail(w, c, other->text, other->n, text, n);
        t->first = (uint16_t)((t->first + 1) % TOLD_MAX);
        t->count--;
        return;
    }
    t->logged = logged;
    if (t->count == TOLD_MAX) {
        // Too many to remember: from here on there is a gap.
        c->chronicle.read = c->chronicle.traced = false;
        t->count = 0;
        return;
    }
    struct told_line *line = &t->line[(t->first + t->count++) % TOLD_MAX];
    line->n = (uint8_t)n;
    line->cut = cut;
    memcpy(line->text, text, n);
}

// Nothing of a cable may have happened that is not in the log, once that was read.
static void check(struct world *w, const struct cable *c) {
    const struct chronicle *h = &c->chronicle;
    if (!h->sure || w->actors[c->actor].kind > ACTOR_DEAF)
        return;
    for (uint32_t i = 0; i < TOLD_SORTS; i++) {
        const struct told_lines *t = &h->lines[i];
        const struct told_line *first = &t->line[t->first];
        bool read = i == TOLD_LIFE ? h->debugged : i == TOLD_SLOW ? h->read : h->traced;
        if (read && t->count > 0 && !t->logged) {
            fprintf(stderr, "cid %llu:\n%.*s\n", (unsigned long long)h->cid, first->n, first->text);
            world_fail(w, "the log lacks what has happened");
        }
    }
}

void chronicle_check(struct world *w, const struct site *s) {
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        const struct cable *c = &w->cables[i];
        if (&w->sites[c->site] == s && c->chronicle.cid != 0 && c->kind == MIDGE_CLIENT)
            check(w, c);
    }
}

void chronicle_open(struct world *w, const struct site *s, struct cable *c) {
    struct chronicle *h = &c->chronicle;
    // What a reload changes takes effect between two lines.
    bool steady = w->swarm.reload == 0 && c->kind == MIDGE_CLIENT && !w->swarm.wild;
    h->cid = c->conn != MIDGE_NONE ? s->m.connections[midge_slot(c->conn)].cid : 0;
    h->read = steady;
    h->traced = steady && s->m.config->trace;
    h->debugged = steady && s->m.config->debug;
    h->sure = true;
    h->refused = false;
    h->heard = 0;
    for (uint32_t i = 0; i < TOLD_SORTS; i++)
        h->lines[i].first = h->lines[i].count = 0;
    // Who is one too many is turned away without further ado.
    bool away =
        h->cid != 0 && conn_reason(&s->m.connections[midge_slot(c->conn)]) == MIDGE_MAX_CONNECTIONS;
    static const char created[] = "Client connection created";
    if (h->debugged && h->cid != 0 && !away)
        tell(w, c, TOLD_LIFE, false, created, sizeof created - 1, false);
}

void chronicle_restart(struct world *w, const struct site *s) {
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        if (&w->sites[w->cables[i].site] == s)
            w->cables[i].chronicle.cid = 0;
    }
}

// ---- What a client writes -----------------------------------------------------------------------

// A CONNECT's members without what is secret. False where they cannot be told apart.
static bool redact(struct words *w, const char *args, uint32_t n) {
    static const char *const secrets[] = {"pass", "auth_token", "nkey", "sig", "proxy_sig"};
    static struct tree tree;
    const char *from = args;
    if (!tree_read(&tree, args, n))
        return false;
    for (uint32_t i = tree.branch[1].first; i != 0; i = tree.branch[i].next) {
        const struct branch *b = &tree.branch[i];
        bool secret = memchr(b->key, '\\', b->key_bytes) != NULL;
        for (uint32_t k = 0; k < 5; k++) {
            uint32_t same = 0;
            while (same < b->key_bytes &&
                   tolower((unsigned char)b->key[same]) == secrets[k][same] &&
                   secrets[k][same] != '\0')
                same++;
            secret |= same == b->key_bytes && secrets[k][same] == '\0';
        }
        if (!secret)
            continue;
        words_add_bytes(w, from, (uint32_t)(b->text - from));
        words_add(w, "[REDACTED]");
        from = b->text + b->text_bytes;
    }
    words_add_bytes(w, from, (uint32_t)(args + n - from));
    return true;
}

// A line that shows a payload.
static void tell_payload(struct world *w, struct cable *c, uint32_t sort, const void *payload,
                         uint32_t n) {
    uint32_t limit = w->sites[c->site].m.config->max_traced_msg_len;
    bool more = limit > 0 && n > limit;
    struct words text = {0};
    if (n == 0)
        return;
    words_add(&text, "%s MSG_PAYLOAD: [", sort == TOLD_IN_PAYLOAD ? "<<-" : "->>");
    n = more ? limit : n;
    words_add_quoted(&text, payload, n < MIDGE_LOG_LINE_BYTES ? n : MIDGE_LOG_LINE_BYTES);
    text.n -= more;
    words_add(&text, more ? "...\"]" : "]");
    tell(w, c, sort, false, text.text, text.n, text.n > MIDGE_LOG_LINE_BYTES);
}

void chronicle_show(struct world *w, struct cable *c, const void *payload, uint32_t n) {
    if (c->chronicle.traced)
        tell_payload(w, c, TOLD_OUT_PAYLOAD, payload, n);
}

void chronicle_hear(struct world *w, struct cable *c, uint64_t end) {
    struct chronicle *h = &c->chronicle;
    char line[2048];
    uint32_t n = 0;
    uint64_t at = h->heard;
    h->heard = end;
    // What began long ago may have been written over.
    h->traced &= c->up.written - at <= PIPE_BYTES;
    // Of who is cut off, what came last was not looked at.
    const struct midge *m = &w->sites[c->site].m;
    h->sure &= !(m->connections[midge_slot(c->conn)].flags & CONN_CLOSING);
    // Of who means harm, not all bytes are commands that are known here.
    if (!h->traced || w->actors[c->actor].kind == ACTOR_HOSTILE)
        return;
    for (; at < end && n < sizeof line - 1; at++) {
        line[n] = (char)c->up.bytes[at % PIPE_BYTES];
        if (line[n] == '\r' || line[n] == '\n')
            break;
        n++;
    }
    line[n] = '\0';
    uint32_t verb = (uint32_t)strcspn(line, " \t");
    const char *args = line + verb + strspn(line + verb, " \t");
    struct words text = {0};
    words_add(&text, "<<- [");
    for (uint32_t i = 0; i < verb; i++)
        words_add(&text, "%c", toupper((unsigned char)line[i]));
    words_add(&text, *args != '\0' ? " " : "");
    if (line[0] != 'C' && line[0] != 'c')
        words_add(&text, "%s", args);
    else if (!redact(&text, args, (uint32_t)strlen(args)))
        h->traced = false;
    words_add(&text, "]");
    tell(w, c, TOLD_IN, false, text.text, text.n, false);
    if (line[0] != 'H' && memcmp(line, "PUB", 3) != 0)
        return;
    char payload[MIDGE_LOG_LINE_BYTES];
    uint32_t bytes = (uint32_t)strtoul(strrchr(line, ' '), NULL, 10);
    for (n = 0, at += 2; n < sizeof payload && n < bytes; n++)
        payload[n] = (char)c->up.bytes[(at + n) % PIPE_BYTES];
    tell_payload(w, c, TOLD_IN_PAYLOAD, payload, bytes);
}

void chronicle_say(struct world *w, struct cable *c, const char *line, uint32_t n) {
    if (!c->chronicle.traced || n < 2 || memcmp(line, "INFO", 4) == 0)
        return;
    struct words text = {0};
    words_add(&text, "->> [");
    // +OK and -ERR 'why' lose what is around them.
    if (line[0] == '+')
        words_add_bytes(&text, line + 1, n - 1);
    else if (line[0] == '-')
        words_add(&text, "-ERR %.*s", (int)n - 7, line + 6);
    else
        words_add_bytes(&text, line, n);
    words_add(&text, "]");
    tell(w, c, TOLD_OUT, false, text.text, text.n, false);
}

// ---- Its end ------------------------------------------------------------------------------------

static const char *const endings[MIDGE_REASONS] = {
    [MIDGE_PEER_CLOSED] = "Client Closed",
    [MIDGE_READ_ERROR] = "Read Error",
    [MIDGE_WRITE_ERROR] = "Write Error",
    [MIDGE_SHUTDOWN] = "Server Shutdown",
    [MIDGE_AUTH_TIMEOUT] = "Authentication Timeout",
    [MIDGE_AUTH_VIOLATION] = "Authentication Failure",
    [MIDGE_SLOW_PENDING] = "Slow Consumer (Pending Bytes)",
    [MIDGE_SLOW_DEADLINE] = "Slow Consumer (Write Deadline)",
    [MIDGE_PARSE_ERROR] = "Parse Error",
    [MIDGE_STALE] = "Stale Connection",
    [MIDGE_PROTOCOL_VIOLATION] = "Protocol Violation",
    [MIDGE_BAD_PROTOCOL] = "Bad Client Protocol Version",
    [MIDGE_WRONG_PORT] = "Incorrect Port",
    [MIDGE_MAX_CONNECTIONS] = "Maximum Connections Exceeded",
    [MIDGE_MAX_PAYLOAD] = "Maximum Message Payload Exceeded",
    [MIDGE_MAX_CONTROL_LINE] = "Maximum Control Line Exceeded",
    [MIDGE_MAX_SUBSCRIPTIONS] = "Maximum Subscriptions Exceeded",
    [MIDGE_NO_RESPONDERS_NEEDS_HEADERS] = "No Responders Requires Headers",
};

void chronicle_strike(struct world *w, struct cable *c, const char *sid, uint32_t n) {
    struct words text = {0};
    if (!c->chronicle.traced || !c->chronicle.sure)
        return;
    words_add(&text, "<-> [DELSUB %.*s]", (int)n, sid);
    tell(w, c, TOLD_GONE, false, text.text, text.n, false);
}

void chronicle_close(struct world *w, struct cable *c, uint32_t reason) {
    const struct midge *m = &w->sites[c->site].m;
    char sid[32];
    // With its end all its subscriptions do.
    for (index_t i = c->chronicle.traced ? m->connections[midge_slot(c->conn)].subs : 0; i != 0;
         i = m->subscriptions[i].owner_next)
        chronicle_strike(w, c, sid, subs_sid(m, i, (uint8_t *)sid, sizeof sid));
    struct words text = {0};
    if (c->chronicle.read && reason == MIDGE_SLOW_PENDING) {
        words_add(&text, "Slow Consumer Detected: MaxPending of %u Exceeded",
                  m->config->max_pending);
        tell(w, c, TOLD_SLOW, false, text.text, text.n, false);
    } else if (c->chronicle.read && reason == MIDGE_SLOW_DEADLINE) {
        words_add(&text, "Slow Consumer Detected: WriteDeadline of ");
        words_add_duration(&text, m->config->write_deadline_ms * 1000ull);
        words_add(&text, " exceeded with ");
        tell(w, c, TOLD_SLOW, false, text.text, text.n, true);
    }
    if (!c->chronicle.debugged)
        return;
    text.n = 0;
    words_add(&text, "Client connection closed: %s", endings[reason]);
    tell(w, c, TOLD_LIFE, false, text.text, text.n, false);
}

// ---- Lines --------------------------------------------------------------------------------------

// What a line about a client may begin with.
static const struct {
    uint32_t level;
    const char *text;
} sentences[] = {
    {MIDGE_DBG, "Client connection created"},
    {MIDGE_DBG, "Client connection closed: "},
    {MIDGE_DBG, "Client Ping Timer"},
    {MIDGE_DBG, "Stale Client Connection - Closing"},
    {MIDGE_DBG, "Authentication Timeout"},
    {MIDGE_INF, "Slow Consumer Detected: WriteDeadline of "},
    {MIDGE_INF, "Slow Consumer Detected: MaxPending of "},
    {MIDGE_ERR, "maximum connections exceeded"},
    {MIDGE_ERR, "maximum subscriptions exceeded"},
    {MIDGE_ERR, "maximum payload exceeded: "},
    {MIDGE_ERR, "maximum control line exceeded"},
    {MIDGE_ERR, "Maximum Payload Violation"},
    {MIDGE_ERR, "authentication error"},
    {MIDGE_ERR, "invalid client protocol"},
    {MIDGE_ERR, "CONNECT Parse Error"},
    {MIDGE_ERR, "Publish Violation - "},
    {MIDGE_ERR, "Subscription Violation"},
    {MIDGE_ERR, "Client parser ERROR"},
    {MIDGE_ERR, "Client Error "},
    {MIDGE_ERR, "process"},
    {MIDGE_ERR, "message headers not supported"},
};

static bool begins(const char *line, const char *text) {
    return strncmp(line, text, strlen(text)) == 0;
}

// Where a quoted text ends, behind its quote; NULL where it does not.
static const char *skip_quoted(const char *at) {
    for (at++; *at != '\0' && *at != '"'; at++)
        at += *at == '\\' && at[1] != '\0';
    return *at == '"' ? at + 1 : NULL;
}

// Passes over what a line tells of its client, which must be right.
static const char *skip_label(struct world *w, const struct site *s, const struct cable *c,
                              const char *line, bool cut) {
    struct words told = {0}, label = {0};
    enum actor_kind kind = w->actors[c->actor].kind;
    bool own = c->kind == MIDGE_CLIENT && (kind <= ACTOR_DEAF) && !s->scarce;
    const struct manners *m = &c->manners;
    if (m->version[0] != '\0')
        words_add(&told, "v%s", m->version);
    if (m->lang[0] != '\0')
        words_add(&told, "%s%s", told.n > 0 ? ":" : "", m->lang);
    if (m->name[0] != '\0')
        words_add(&told, "%s%s", told.n > 0 ? ":" : "", m->name);
    if (told.n > 0) {
        words_add_quoted(&label, told.text, told.n);
        words_add(&label, " - ");
    }
    if (strcmp(m->login, "[REDACTED]") == 0)
        words_add(&label, "\"$G/token\" - ");
    else if (m->login[0] != '\0')
        words_add(&label, "\"$G/user:%s\" - ", m->login);
    if (own && label.n > 0 && begins(line, label.text))
        return line + label.n;
    // Before its CONNECT nothing is known; of others, all that is quoted may be.
    for (uint32_t i = 0; i < 2 && *line == '"'; i++) {
        const char *end = skip_quoted(line);
        if (cut && end == NULL)
            return line + strlen(line);
        if (own || end == NULL || !begins(end, " - "))
            world_fail(w, "a line of the log tells another thing of its client");
        line = end + 3;
    }
    return line;
}

#define PROTO_BYTES 32

// Lines are missing from here on, or cannot be told apart.
static void lose_track(struct chronicle *h) {
    h->read = h->traced = h->debugged = false;
}

static void read_sentence(struct world *w, struct cable *c, uint32_t level, const char *text,
                          uint32_t n, bool cut) {
    if (level == MIDGE_TRC) {
        bool payload = begins(text, "<<- MSG_PAYLOAD: [\"") || begins(text, "->> MSG_PAYLOAD: [\"");
        bool in = begins(text, "<<- ["), out = begins(text, "->> ["),
             gone = begins(text, "<-> [DELSUB ");
        if (!payload && !in && !out && !gone && !cut)
            world_fail(w, "a line of the log traces nothing");
        if (!payload && !in && !out && !gone)
            lose_track(&c->chronicle);
        if (!cut && text[n - 1] != ']')
            world_fail(w, "a line of the log has no end");
        bool own = c->kind == MIDGE_CLIENT && w->actors[c->actor].kind <= ACTOR_DEAF;
        payload |= begins(text, "<<- MSG") || begins(text, "->> MSG");
        if (c->chronicle.traced && own && payload)
            tell(w, c, text[0] == '<' ? TOLD_IN_PAYLOAD : TOLD_OUT_PAYLOAD, true, text, n, cut);
        else if (c->chronicle.traced && own && (in || out || gone))
            tell(w, c, in ? TOLD_IN : out ? TOLD_OUT : TOLD_GONE, true, text, n, cut);
        return;
    }
    uint32_t i = 0;
    while (i < sizeof sentences / sizeof sentences[0] &&
           (sentences[i].level != level || !begins(text, sentences[i].text)))
        i++;
    if (i == sizeof sentences / sizeof sentences[0] && !cut) {
        fprintf(stderr, "%u %s\n", level, text);
        world_fail(w, "a line of the log says what is never said");
    }
    static const char *const last[] = {
        "maximum connections exceeded", "maximum control line exceeded",
        "maximum payload exceeded: ",   "process",
        "Client parser ERROR",          "Client Error ",
        "message headers not supported"};
    for (uint32_t k = 0; k < sizeof last / sizeof last[0] && c->kind == MIDGE_CLIENT; k++) {
        if (!begins(text, last[k]))
            continue;
        if (c->chronicle.refused)
            world_fail(w, "the log says twice why a client has to go");
        c->chronicle.refused = true;
    }
    // Of what is no command, so many bytes are shown, in quotes.
    static const char proto[] = "Client parser ERROR: proto=";
    if (begins(text, proto) && strchr(text, '\\') == NULL && n > sizeof proto - 1 + PROTO_BYTES + 2)
        world_fail(w, "the log shows more than it may of what is no command");
    if (i == sizeof sentences / sizeof sentences[0])
        lose_track(&c->chronicle);
    if (c->kind == MIDGE_CLIENT && c->chronicle.read && begins(text, "Slow Consumer Detected: "))
        tell(w, c, TOLD_SLOW, true, text, n, cut);
    bool life = begins(text, "Client connection ");
    if (life && c->kind != MIDGE_CLIENT)
        world_fail(w, "the log calls a client what is none");
    if (life && c->chronicle.debugged)
        tell(w, c, TOLD_LIFE, true, text, n, cut);
}

// Lines that are about no client in particular.
static void read_other(struct world *w, struct site *s, uint32_t level, const char *line) {
    static const char *const others[] = {"Removed sub ", "Entering lame duck mode, ",
                                         "Closing existing clients"};
    char *end;
    unsigned long dropped = strtoul(line, &end, 10);
    if (end != line && dropped > 0 && level == MIDGE_WRN &&
        strcmp(end, " log lines dropped") == 0) {
        for (uint32_t i = 0; i < CABLES_MAX; i++) {
            if (&w->sites[w->cables[i].site] == s)
                lose_track(&w->cables[i].chronicle);
        }
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        if (level == MIDGE_INF && begins(line, others[i]))
            return;
    }
    fprintf(stderr, "%u %s\n", level, line);
    world_fail(w, "a line of the log is about nobody");
}

static struct cable *cable_of(struct world *w, const struct site *s, uint64_t cid) {
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        uint64_t its = c->chronicle.cid;
        if (c->kind == MIDGE_LOCAL)
            its = c->used && s->m.local != 0 ? s->m.connections[s->m.local].cid : 0;
        if (&w->sites[c->site] == s && its == cid)
            return c;
    }
    return NULL;
}

void chronicle_read(struct world *w, struct site *s, uint32_t level, const char *line, uint32_t n) {
    char text[MIDGE_LOG_LINE_BYTES + 1];
    struct words label = {0};
    bool cut = n == MIDGE_LOG_LINE_BYTES;
    if (n > MIDGE_LOG_LINE_BYTES || level > MIDGE_TRC)
        world_fail(w, "a line of the log is too long");
    if (w->swarm.wild)
        return;
    const struct midge_config *config = s->m.config;
    bool asked = level == MIDGE_DBG ? config->debug : level == MIDGE_TRC ? config->trace : true;
    if (!asked && w->swarm.reload == 0)
        world_fail(w, "a line of the log was not asked for");
    memcpy(text, line, n);
    text[n] = '\0';
    const char *at = strstr(text, "cid:");
    const char *dash = strstr(text, " - ");
    // The address comes first, where there is one.
    if (at == NULL || (at != text && (dash == NULL || at != dash + 3))) {
        read_other(w, s, level, text);
        return;
    }
    char *end;
    uint64_t cid = strtoull(at + 4, &end, 10);
    struct cable *c = cable_of(w, s, cid);
    if (c == NULL || !begins(end, " - "))
        world_fail(w, "a line of the log is about a client that there is not");
    if (c->kind != MIDGE_LOCAL && c->peer.ip_bytes > 0) {
        words_add(&label, c->peer.ip_bytes == 16 ? "[" : "");
        words_add_address(&label, c->peer.ip, c->peer.ip_bytes);
        words_add(&label, c->peer.ip_bytes == 16 ? "]:%u - " : ":%u - ", c->peer.port);
    }
    if (at != text + label.n || strncmp(text, label.text, label.n) != 0)
        world_fail(w, "a line of the log has another address");
    const char *rest = skip_label(w, s, c, end + 3, cut);
    read_sentence(w, c, level, rest, (uint32_t)(text + n - rest), cut);
}
