#include "sim/breach.h"

#include "sim/sitting.h"
#include "sim/world.h"

void breach_line(struct sitting *s) {
    static const char *const lines[] = {
        "SUB %s\r\n",      "SUB %s a b c\r\n", "UNSUB  \r\n",
        "UNSUB 1 2 3\r\n", "PUB %s\r\n",       "PUB %s a b 1\r\n",
        "PUB %s -1\r\n",   "PUB %s 1a\r\n",    "PUB %s 0000000001\r\n",
        "PUB %s a 9:\r\n", "PUB %s /1\r\n",    "INFO {\r\n",
        "INFO 1\r\n",      "SUB \r\n",         "PUB  \t\r\n",
    };
    static const char *const with_header[] = {
        "HPUB %s 1\r\n",    "HPUB %s 2 1\r\n",  "HPUB %s a b 1 2\r\n",
        "HPUB %s -1 2\r\n", "HPUB %s 1 -2\r\n", "HPUB %s 1 0000000002\r\n",
    };
    if (s->e->headers && dice_once_in(s->d, 3))
        ask(s->e, EITHER(s, with_header), s->subject);
    else
        ask(s->e, EITHER(s, lines), s->subject);
    owe_end(s, MIDGE_PROTOCOL_VIOLATION);
}

void breach_verb(struct sitting *s) {
    static const char *const lines[] = {
        "FOO\r\n",
        "PUSH\r\n",
        "PO\r\n",
        "SUBS\r\n",
        "UNSUBX\r\n",
        "HPU\r\n",
        " PING\r\n",
        "\r\n",
        "PUBX\r\n",
        "GET / HTTP/1.1\r\n",
        "-ER\r\n",
        "-ERR'x'\r\n",
        "+O\r\n",
        "MSG a 1 0\r\n\r\n",
        "A-VERB-THAT-IS-LONGER-THAN-WHAT-THE-LOG-SHOWS-OF-IT\r\n",
    };
    static const char *const ends[] = {"\n\r", "\r\r", "x\n", "\n\n", "\rx"};
    if (dice_once_in(s->d, 3)) {
        // The end of a payload is not where it was said to be.
        uint32_t n = some_size(s);
        ask(s->e, "PUB %s %u\r\n", s->subject, n);
        ask_bytes(s->e, body_of(s, 0, n), n);
        ask(s->e, "%s", EITHER(s, ends));
    } else {
        ask(s->e, "%s", EITHER(s, lines));
    }
    owe(s->e, "-ERR 'Unknown Protocol Operation'\r\n");
    owe_end(s, MIDGE_PROTOCOL_VIOLATION);
}

void breach_by_client(struct sitting *s) {
    static const char *const lines[] = {"-ERR 'no'\r\n", "-err \t 'x'\r\n", "-ERR x\n"};
    ask(s->e, "%s", EITHER(s, lines));
    owe_end(s, MIDGE_PARSE_ERROR);
}

void breach_header(struct sitting *s) {
    if (s->e->headers)
        return;
    ask(s->e, "HPUB %s 12 12\r\nNATS/1.0\r\n\r\n\r\n", s->subject);
    owe_end(s, MIDGE_PROTOCOL_VIOLATION);
}
