#include "tests/exhaust/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool entropy(void *to, uint32_t n) {
    memset(to, 7, n);
    return true;
}

bool world_start(struct world *w, uint32_t blocks) {
    memset(w, 0, sizeof *w);
    midge_config_defaults(&w->config);
    w->config.entropy = entropy;
    w->config.limits.blocks = blocks;
    w->now = (struct midge_now){.us = 1000000, .ms = 1000};
    return midge_init(&w->m, &w->config, w->now);
}

// ---- What a port does ---------------------------------------------------------------------------

static void hang_up(struct world *w, struct peer *p, enum midge_reason why) {
    midge_closed(&w->m, p->conn, why);
    p->conn = MIDGE_NONE;
    p->paused = false;
    p->stash_bytes = 0;
}

static void take_output(struct world *w, struct peer *p) {
    struct midge_span spans[3];
    uint32_t count;
    while (!p->deaf && (count = midge_tx(&w->m, p->conn, 0, spans, 3)) > 0) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (p->got_bytes + spans[i].n > sizeof p->got)
                abort();
            memcpy(p->got + p->got_bytes, spans[i].bytes, spans[i].n);
            p->got_bytes += spans[i].n;
            n += spans[i].n;
        }
        midge_sent(&w->m, p->conn, n);
    }
    if (p->deaf)
        midge_sent(&w->m, p->conn, 0);
}

static void give_input(struct world *w, struct peer *p) {
    int32_t used = midge_rx(&w->m, p->conn, p->stash, p->stash_bytes);
    if (used < 0)
        used = (int32_t)p->stash_bytes;
    p->stash_bytes -= (uint32_t)used;
    memmove(p->stash, p->stash + used, p->stash_bytes);
    p->paused = p->stash_bytes > 0;
}

static void carry_out(struct world *w) {
    enum midge_wish wish;
    midge_conn conn;
    while ((conn = midge_next(&w->m, &wish)) != MIDGE_NONE) {
        struct peer *p = w->peers;
        while (p->conn != conn && p < w->peers + PEERS - 1)
            p++;
        if (p->conn != conn)
            abort();
        switch (wish) {
        case MIDGE_WISH_SEND:
            take_output(w, p);
            break;
        case MIDGE_WISH_RESUME:
            p->paused = false;
            give_input(w, p);
            break;
        case MIDGE_WISH_CLOSE_AFTER_SEND:
            take_output(w, p);
            p->cut = p->deaf;
            hang_up(w, p, MIDGE_PEER_CLOSED);
            break;
        case MIDGE_WISH_ABORT:
            p->cut = true;
            hang_up(w, p, MIDGE_PEER_CLOSED);
            break;
        }
    }
    enum midge_level level;
    char line[MIDGE_LOG_LINE_BYTES];
    while (midge_log(&w->m, &level, line, sizeof line) > 0) {
    }
}

void world_open(struct world *w, uint32_t peer, enum midge_kind kind) {
    struct peer *p = &w->peers[peer];
    *p = (struct peer){.conn = midge_open(&w->m, kind, &(struct midge_peer){.ip_bytes = 4})};
    carry_out(w);
}

void world_say(struct world *w, uint32_t peer, const char *bytes, uint32_t n) {
    struct peer *p = &w->peers[peer];
    if (p->conn == MIDGE_NONE)
        return;
    if (p->stash_bytes + n > sizeof p->stash)
        abort();
    memcpy(p->stash + p->stash_bytes, bytes, n);
    p->stash_bytes += n;
    if (!p->paused)
        give_input(w, p);
    carry_out(w);
}

void world_close(struct world *w, uint32_t peer) {
    struct peer *p = &w->peers[peer];
    if (p->conn == MIDGE_NONE)
        return;
    p->cut = true;
    hang_up(w, p, MIDGE_PEER_CLOSED);
    carry_out(w);
}

void world_pass(struct world *w, uint32_t ms) {
    w->now.us += (uint64_t)ms * 1000;
    w->now.ms += ms;
    for (uint32_t i = 0; i < 100 && midge_turn(&w->m, w->now) == 0; i++)
        carry_out(w);
    carry_out(w);
}

// ---- What a peer got ----------------------------------------------------------------------------

// A line of the client protocol's, at `at`; its length, or 0 where it is not whole.
static uint32_t line_at(const struct peer *p, uint32_t at) {
    const uint8_t *lf = memchr(p->got + at, '\n', p->got_bytes - at);
    return lf == NULL ? 0 : (uint32_t)(lf - p->got) + 1 - at;
}

const char *world_garbled(const struct peer *p) {
    static const char *const lines[] = {"INFO {", "+OK\r", "-ERR '", "PING\r", "PONG\r", "HTTP/"};
    for (uint32_t at = 0; at < p->got_bytes;) {
        uint32_t n = line_at(p, at);
        const char *line = (const char *)p->got + at;
        if (n == 0)
            return p->cut ? NULL : "an unfinished line";
        if (memcmp(line, "HTTP/", 5) == 0)
            return NULL;
        if (memcmp(line, "MSG ", 4) == 0 || memcmp(line, "HMSG ", 5) == 0) {
            uint32_t digits = n - 2;
            while (line[digits - 1] != ' ')
                digits--;
            n += (uint32_t)atoi(line + digits) + 2;
            if (at + n > p->got_bytes)
                return p->cut ? NULL : "an unfinished message";
            if (memcmp(line + n - 2, "\r\n", 2) != 0)
                return "a message's end";
        } else {
            bool known = false;
            for (uint32_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
                known = known || strncmp(line, lines[i], strlen(lines[i])) == 0;
            if (!known)
                return "an unknown line";
        }
        at += n;
    }
    return NULL;
}
