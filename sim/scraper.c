#include "sim/scraper.h"

#include <stdlib.h>
#include <string.h>

#include "sim/cable.h"
#include "sim/world.h"

static const char *const requests[] = {
    "GET /varz HTTP/1.1\r\nHost: sim\r\n\r\n",
    "GET /connz HTTP/1.1\r\nHost: sim\r\n\r\n",
    "GET /connz?subs=1&limit=4 HTTP/1.1\r\nHost: sim\r\n\r\n",
    "GET /connz?subs=detail&auth=true&state=all&sort=bytes_to HTTP/1.0\r\n\r\n",
    "GET /connz?state=closed&offset=1 HTTP/1.1\r\n\r\n",
    "GET /connz?sort=nonsense HTTP/1.1\r\n\r\n",
    "GET /connz?cid=3 HTTP/1.1\r\n\r\n",
    "GET /subsz?subs=1&test=a.b HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET /subsz?subs=1&offset=2&limit=3 HTTP/1.1\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n",
    "HEAD /varz HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET /accountz?acc=$G HTTP/1.1\r\n\r\n",
    "GET /accstatz HTTP/1.1\r\n\r\n",
    "GET /jsz HTTP/1.1\r\n\r\n",
    "GET /routez HTTP/1.1\r\n\r\n",
    "GET /leafz HTTP/1.1\r\n\r\n",
    "GET /gatewayz HTTP/1.1\r\n\r\n",
    "GET /nothing HTTP/1.1\r\n\r\n",
    "POST /varz HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "nonsense\r\n\r\n",
};

enum { IDLE, STATUS, HEADERS, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TO_END };

void scraper_act(struct world *w, struct actor *a, struct cable *c) {
    const char *text = requests[dice_below(&w->dice, sizeof requests / sizeof requests[0])];
    uint32_t n = (uint32_t)strlen(text);
    if (w->quiet || a->answer.phase != IDLE || c->up.written + n > PIPE_BYTES)
        return;
    a->answer = (struct answer){.phase = STATUS, .head_only = text[0] == 'H'};
    cable_write(&c->up, (const uint8_t *)text, n);
    cable_flow(w, c, &c->up);
}

static void finish(struct world *w, struct answer *to) {
    if (to->json && !to->head_only && (to->depth != 0 || to->string))
        world_fail(w, "JSON that does not end");
    to->phase = IDLE;
}

// The rest of the answer begins, as its head has said.
static void begin_body(struct world *w, struct answer *to) {
    to->phase = to->chunked ? CHUNK_SIZE : to->told ? BODY : TO_END;
    if (to->head_only || (to->told && to->left == 0))
        finish(w, to);
}

static bool begins(const char *line, const char *text) {
    return strncmp(line, text, strlen(text)) == 0;
}

static void read_head(struct world *w, struct answer *to) {
    const char *line = to->line;
    if (to->phase == STATUS && !begins(line, "HTTP/1.1 "))
        world_fail(w, "an answer that is not HTTP");
    if (to->phase == HEADERS && line[0] == '\0') {
        begin_body(w, to);
        return;
    }
    to->phase = HEADERS;
    to->json |= begins(line, "Content-Type: application/json");
    to->chunked |= begins(line, "Transfer-Encoding: chunked");
    if (begins(line, "Content-Length: ")) {
        to->told = true;
        to->left = (uint32_t)strtoul(line + strlen("Content-Length: "), NULL, 10);
    }
}

static void read_line(struct world *w, struct answer *to) {
    if (to->phase == CHUNK_SIZE) {
        to->left = (uint32_t)strtoul(to->line, NULL, 16);
        to->phase = to->left > 0 ? CHUNK : CHUNK_END;
        to->told = to->left == 0;
    } else if (to->phase == CHUNK_END) {
        if (to->line[0] != '\0')
            world_fail(w, "a chunk that is too long");
        to->phase = CHUNK_SIZE;
        if (to->told)
            finish(w, to);
    } else {
        read_head(w, to);
    }
}

// Follows strings and brackets.
static void read_json(struct world *w, struct answer *to, char b) {
    if (to->escape) {
        to->escape = false;
    } else if (to->string) {
        to->escape = b == '\\';
        to->string = b != '"';
    } else {
        to->string = b == '"';
        to->depth += (b == '{' || b == '[') - (b == '}' || b == ']');
        if (to->depth < 0)
            world_fail(w, "JSON that ends twice");
    }
}

static void read_byte(struct world *w, struct answer *to, char b) {
    if (to->phase == IDLE)
        world_fail(w, "an answer that nobody asked for");
    if (to->phase == BODY || to->phase == CHUNK || to->phase == TO_END) {
        if (to->json)
            read_json(w, to, b);
        if (to->phase == TO_END || --to->left > 0)
            return;
        if (to->phase == BODY)
            finish(w, to);
        else
            to->phase = CHUNK_END;
        to->told = false;
        return;
    }
    if (b == '\n') {
        to->line[to->line_bytes > 0 ? to->line_bytes - 1 : 0] = '\0';
        to->line_bytes = 0;
        read_line(w, to);
    } else if (to->line_bytes < ANSWER_LINE_MAX) {
        to->line[to->line_bytes++] = b;
    } else {
        world_fail(w, "a line of HTTP without end");
    }
}

void scraper_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        read_byte(w, &a->answer, (char)bytes[i]);
}

void scraper_ended(struct world *w, struct actor *a, struct cable *c) {
    struct answer *from = &a->answer;
    // A request may cross the end of a connection that was idle for long.
    bool unanswered = from->phase == STATUS && from->line_bytes == 0;
    bool whole = from->phase == IDLE || unanswered || (from->phase == TO_END && from->depth == 0);
    if (!whole && !c->cut && !w->sites[c->site].scarce)
        world_fail(w, "an answer that was cut short");
    from->phase = IDLE;
}
