#include "sim/scraper.h"

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

void scraper_act(struct world *w, struct actor *a, struct cable *c) {
    const char *text = requests[dice_below(&w->dice, sizeof requests / sizeof requests[0])];
    uint32_t n = (uint32_t)strlen(text);
    // One request at a time; an answer that is under way is read to its end.
    if (w->quiet || c->up.written > c->up.taken || a->greeted || c->up.written + n > PIPE_BYTES)
        return;
    a->greeted = true;
    cable_write(&c->up, (const uint8_t *)text, n);
    cable_flow(w, c, &c->up);
}

// The head of the answer is kept; of the rest only how its brackets stand.
void scraper_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n) {
    static const char start[] = "HTTP/1.";
    for (uint32_t i = 0; i < n && a->input_bytes < sizeof start - 1; i++) {
        if (bytes[i] != (uint8_t)start[a->input_bytes++])
            world_fail(w, "an answer that is not HTTP");
    }
}
