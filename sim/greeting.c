#include "sim/greeting.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/tree.h"
#include "sim/world.h"

// A greeting stays below the shortest control line that a broker is told to take.
#define GREETING_BYTES 440u

void greeting_begin(struct manners *m) {
    *m = (struct manners){.verbose = true, .pedantic = true, .echo = true};
}

// ---- JSON as clients write it -------------------------------------------------------------------

static void blank(struct dice *d, struct words *line) {
    if (dice_once_in(d, 8))
        words_add(line, "%s", dice_once_in(d, 2) ? " " : "\t");
}

// A character, as it is or escaped.
static void add_char(struct dice *d, struct words *line, const uint8_t *p, uint32_t bytes) {
    static const char known[] = "\"\\/\b\f\n\r\t";
    const char *short_form = strchr(known, p[0]);
    bool must = p[0] < 0x20 || p[0] == '"' || p[0] == '\\';
    uint32_t rune = bytes == 1   ? p[0]
                    : bytes == 2 ? (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu)
                    : bytes == 3 ? (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu)
                                 : (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 |
                                       (p[3] & 0x3fu);
    if (short_form != NULL && (must || dice_once_in(d, 4)) && dice_once_in(d, 2)) {
        words_add(line, "\\%c", "\"\\/bfnrt"[short_form - known]);
    } else if (must || dice_once_in(d, 12)) {
        const char *form = dice_once_in(d, 2) ? "\\u%04x" : "\\u%04X";
        if (rune >= 0x10000) {
            words_add(line, form, 0xd800 + ((rune - 0x10000) >> 10));
            words_add(line, form, 0xdc00 + (rune & 0x3ff));
        } else {
            words_add(line, form, rune);
        }
    } else {
        words_add_bytes(line, p, bytes);
    }
}

static void add_string(struct dice *d, struct words *line, const char *text, bool any_case) {
    words_add(line, "\"");
    for (uint32_t part; *text != '\0'; text += part) {
        uint8_t c[4];
        part = words_rune((const uint8_t *)text, (uint32_t)strlen(text));
        memcpy(c, text, part);
        if (any_case && dice_once_in(d, 8))
            c[0] = (uint8_t)toupper(c[0]);
        add_char(d, line, c, part);
    }
    words_add(line, "\"");
}

// ---- Members ------------------------------------------------------------------------------------

static const struct {
    const char *key;
    size_t at;  // the flag in struct manners; beyond it, where it changes nothing
} truths[] = {{"verbose", offsetof(struct manners, verbose)},
              {"pedantic", offsetof(struct manners, pedantic)},
              {"echo", offsetof(struct manners, echo)},
              {"headers", offsetof(struct manners, headers)},
              {"no_responders", offsetof(struct manners, no_responders)},
              {"tls_required", SIZE_MAX},
              {"new_account", SIZE_MAX}};

static const struct {
    const char *key;
    size_t at;
} strings[] = {{"name", offsetof(struct manners, name)},
               {"lang", offsetof(struct manners, lang)},
               {"version", offsetof(struct manners, version)},
               {"account", SIZE_MAX},
               {"remote_account", SIZE_MAX},
               {"jwt", SIZE_MAX},
               {"sig", SIZE_MAX},
               {"proxy_sig", SIZE_MAX}};

// Texts in which something must be escaped, or is easily cut.
static const char *const texts[] = {"sim",
                                    "",
                                    "a\"b\\c/d",
                                    "tab\tand\nline",
                                    "<&>",
                                    "uml\xc3\xa4ut",
                                    "\xe2\x82\xac\xf0\x9d\x84\x9e",
                                    "\x01\x1f\x7f",
                                    "\xc2\x80\xdf\xbf\xe0\xa0\x80",
                                    "\xed\x9f\xbf\xee\x80\x80",
                                    "1.2.3",
                                    "exactly-ten",
                                    "a name that takes several cells"};
#define TEXTS (sizeof texts / sizeof texts[0])

// Values of any type.
static const struct {
    char type;  // s t n, or o for others; 0 for null
    const char *text;
} values[] = {{0, "null"},
              {'t', "true"},
              {'t', "false"},
              {'n', "0"},
              {'n', "-1.5e+3"},
              {'n', "12E2"},
              {'n', "0.125"},
              {'s', "\"x\""},
              {'s', "\"\\ud800x\\uDC00\""},
              {'o', "[]"},
              {'o', "{}"},
              {'o', "[1,[2,[{\"a\":[]}]],null]"},
              {'o', "{\"a\":{\"b\":[true,false]},\"\":\"}]\"}"}};
#define VALUES (sizeof values / sizeof values[0])

// What is no JSON, as a value.
static const char *const no_values[] = {
    "tru",   "nul",  "falsee", "01",        "-",        "1.",          ".5",         "+1",
    "1e",    "1e+",  "0x1",    "\"a",       "\"\\x\"",  "\"\\u12g4\"", "\"\\u12\"",  "\"\x02\"",
    "[1",    "[1,]", "[,1]",   "{\"a\"}",   "{\"a\":}", "{a:1}",       "{\"a\":1,}", "'a'",
    "[1 2]", "]",    "",       "{\"a\" 1}", "[1}",      "{\"a\":1]",   "--1",        "\"a\\"};
#define NO_VALUES (sizeof no_values / sizeof no_values[0])

static void add_key(struct dice *d, struct words *line, const char *key, bool first) {
    blank(d, line);
    if (!first)
        words_add(line, ",");
    blank(d, line);
    add_string(d, line, key, true);
    blank(d, line);
    words_add(line, ":");
    blank(d, line);
}

static void begin(struct dice *d, struct words *line) {
    line->n = 0;
    words_add(line, dice_once_in(d, 8) ? "connect" : "CONNECT");
    words_add(line, dice_once_in(d, 8) ? "\t" : " ");
    blank(d, line);
    words_add(line, "{");
}

static void end(struct dice *d, struct words *line) {
    blank(d, line);
    words_add(line, "}");
    blank(d, line);
    words_add(line, "\r\n");
}

static void add_unknown(struct dice *d, struct words *line, bool first) {
    static const char *const keys[] = {"", "x", "verbos", "namee", "an-unknown-member", "na me"};
    add_key(d, line, keys[dice_below(d, 6)], first);
    words_add(line, "%s", values[dice_below(d, VALUES)].text);
}

static void keep(char to[GREETING_TEXT_MAX], const char *text) {
    snprintf(to, GREETING_TEXT_MAX, "%s", text);
}

static void add_text(struct dice *d, struct words *line, struct manners *m, uint32_t which,
                     bool first) {
    const char *text = texts[dice_below(d, TEXTS)];
    add_key(d, line, strings[which].key, first);
    add_string(d, line, text, false);
    keep((char *)m + strings[which].at, text);
}

void greeting_write(struct dice *d, struct words *line, const struct courtesy *said, uint32_t count,
                    struct manners *m) {
    uint32_t from = dice_below(d, count + 1);
    bool first = true;
    begin(d, line);
    for (uint32_t i = 0; i < count; i++, first = false) {
        const struct courtesy *c = &said[(from + i) % count];
        if (dice_once_in(d, 8) && line->n < GREETING_BYTES - 200) {
            add_unknown(d, line, first);
            first = false;
        }
        add_key(d, line, c->key, first);
        words_add(line, "%s", c->value);
    }
    for (uint32_t which = 0; which < 3; which++) {
        if (dice_once_in(d, 2) && line->n < GREETING_BYTES - 150) {
            add_text(d, line, m, which, first);
            first = false;
        }
    }
    end(d, line);
}

// ---- Any ----------------------------------------------------------------------------------------

static const struct {
    const char *text;
    int meaning;  // as the protocol; 9 for no integer
} protocols[] = {{"0", 0},
                 {"1", 1},
                 {"1", 1},
                 {"-0", 0},
                 {"2", 2},
                 {"-1", -1},
                 {"101", 2},
                 {"1000000", 2},
                 {"9223372036854775807", 2},
                 {"-9223372036854775807", -1},
                 {"9223372036854775808", 9},
                 {"10000000000000000000", 9},
                 {"1.0", 9},
                 {"1e0", 9},
                 {"null", 3}};

struct roll {
    struct dice *d;
    struct words *line;
    struct manners *m;
    bool bad;                   // no JSON, or a wrong type
    bool new_account, account;  // it wants one of its own, or some other
    int protocol;
};

static void roll_truth(struct roll *r, bool first) {
    uint32_t which = dice_below(r->d, sizeof truths / sizeof truths[0]);
    bool own = strcmp(truths[which].key, "new_account") == 0;
    bool yes = dice_once_in(r->d, own ? 8 : 2);
    add_key(r->d, r->line, truths[which].key, first);
    words_add(r->line, yes ? "true" : "false");
    if (truths[which].at != SIZE_MAX)
        *(bool *)((char *)r->m + truths[which].at) = yes;
    if (own)
        r->new_account = yes;
}

static void roll_string(struct roll *r, bool first) {
    uint32_t which = dice_below(r->d, sizeof strings / sizeof strings[0]);
    if (strings[which].at != SIZE_MAX) {
        add_text(r->d, r->line, r->m, which, first);
        return;
    }
    bool account = strcmp(strings[which].key, "account") == 0;
    bool some = dice_once_in(r->d, account ? 8 : 2);
    add_key(r->d, r->line, strings[which].key, first);
    words_add(r->line, some ? "\"$G\"" : "\"\"");
    if (account)
        r->account = some;
}

static void roll_protocol(struct roll *r, bool first) {
    uint32_t which = dice_below(r->d, sizeof protocols / sizeof protocols[0]);
    add_key(r->d, r->line, "protocol", first);
    words_add(r->line, "%s", protocols[which].text);
    r->bad |= protocols[which].meaning == 9;
    if (protocols[which].meaning != 3)
        r->protocol = protocols[which].meaning;
}

// A value of any type for a member that wants one of its own.
static void roll_value(struct roll *r, bool first) {
    static const struct {
        const char *key;
        char type;
    } keys[] = {{"verbose", 't'}, {"headers", 't'}, {"tls_required", 't'},
                {"jwt", 's'},     {"sig", 's'},     {"remote_account", 's'}};
    uint32_t which = dice_below(r->d, sizeof keys / sizeof keys[0]);
    uint32_t value = dice_below(r->d, VALUES);
    bool same = values[value].type == keys[which].type;
    add_key(r->d, r->line, keys[which].key, first);
    words_add(r->line, "%s", values[value].text);
    r->bad |= values[value].type != 0 && !same;
    if (!same || keys[which].type != 't' || which == 2)
        return;
    *(which == 0 ? &r->m->verbose : &r->m->headers) = strcmp(values[value].text, "true") == 0;
}

// No object at all. Answers whether it is no JSON either.
static bool roll_other(struct roll *r) {
    static const char *const others[] = {
        "null",  "[]",  "\"{}\"",           "1", "true", "", "{", "}", "{}}", "{},",
        "{} {}", "{,}", "{\"a\":1 \"b\":2}"};
    uint32_t which = dice_below(r->d, sizeof others / sizeof others[0]);
    r->line->n = 0;
    words_add(r->line, "CONNECT %s\r\n", others[which]);
    return which > 0;
}

static void add_deep(struct roll *r, bool first) {
    // 64 levels within a value, and no more.
    uint32_t depth = dice_between(r->d, 62, 67);
    add_key(r->d, r->line, "deep", first);
    for (uint32_t i = 0; i < depth; i++)
        words_add(r->line, "[");
    for (uint32_t i = 0; i < depth; i++)
        words_add(r->line, "]");
    r->bad |= depth > 64;
}

enum welcome greeting_roll(struct dice *d, struct words *line, const struct courtesy *said,
                           uint32_t count, struct manners *m) {
    struct roll r = {.d = d, .line = line, .m = m, .protocol = m->async_info};
    bool first = true;
    begin(d, line);
    for (uint32_t i = 0; i < count; i++, first = false) {
        add_key(d, line, said[i].key, first);
        words_add(line, "%s", said[i].value);
    }
    if (count == 0 && dice_once_in(d, 16)) {
        r.bad = roll_other(&r);
    } else {
        for (uint32_t n = dice_below(d, 9); n > 0 && line->n < GREETING_BYTES - 200; n--) {
            uint32_t what = dice_below(d, 24);
            if (what < 8)
                roll_truth(&r, first);
            else if (what < 16)
                roll_string(&r, first);
            else if (what < 18)
                roll_protocol(&r, first);
            else if (what < 20)
                roll_value(&r, first);
            else if (what == 20 && dice_once_in(d, 4))
                add_deep(&r, first);
            else
                add_unknown(d, line, first);
            first = false;
        }
        if (dice_once_in(d, 8)) {
            add_key(d, line, dice_once_in(d, 2) ? "x" : "name", first);
            words_add(line, "%s", no_values[dice_below(d, NO_VALUES)]);
            r.bad = true;
        }
        end(d, line);
    }
    if (r.bad)
        return WELCOME_PARSE_ERROR;
    if (r.new_account || r.account)
        return WELCOME_NO_ENTRY;
    if (r.protocol < 0 || r.protocol > 1)
        return WELCOME_BAD_PROTOCOL;
    m->async_info |= r.protocol == 1;
    return m->no_responders && !m->headers ? WELCOME_NEEDS_HEADERS : WELCOME;
}

// ---- INFO ---------------------------------------------------------------------------------------

static struct tree tree;

const char *greeting_info(const struct world *w, struct cable *c, const char *line, uint32_t n,
                          bool *connected) {
    const struct site *s = &w->sites[c->site];
    const struct midge_config *config = s->m.config;
    const struct tree *t = &tree;
    struct words address = {0};
    char text[8192];
    if (n < 6 || memcmp(line, "INFO {", 6) != 0 || line[n - 1] != ' ')
        return "an INFO that is none";
    snprintf(text, sizeof text, "%.*s", (int)n - 5, line + 5);
    if (!tree_read(&tree, text, (uint32_t)strlen(text)))
        return "an INFO that is no JSON";
    const char *name = midge_config_text(config, config->server_name);
    bool auth = s->rights.users > 0 && config->no_auth_user == 0;
    bool in = *connected = tree_member(t, 1, "connect_info") != 0;
    words_add_address(&address, c->peer.ip, c->peer.ip_bytes);
    struct {
        const char *key;
        bool right, needed;
    } members[] = {
        // Who was cut off may read of a broker that is no more.
        {"server_id",
         c->far == FAR_ENDED || tree_is(t, tree_member(t, 1, "server_id"), midge_id(&s->m)), true},
        {"server_name",
         tree_is(t, tree_member(t, 1, "server_name"), name[0] != '\0' ? name : midge_id(&s->m)),
         true},
        {"version", tree_is(t, tree_member(t, 1, "version"), MIDGE_NATS_VERSION), true},
        {"proto", tree_count(t, tree_member(t, 1, "proto")) == 1, true},
        {"go", tree_is(t, tree_member(t, 1, "go"), "sim"), true},
        {"host", tree_is(t, tree_member(t, 1, "host"), "0.0.0.0"), true},
        {"port", tree_count(t, tree_member(t, 1, "port")) == 4222, true},
        {"headers", tree_truth(t, tree_member(t, 1, "headers")), true},
        {"max_payload", tree_count(t, tree_member(t, 1, "max_payload")) == config->max_payload,
         true},
        {"client_id",
         c->conn == MIDGE_NONE || tree_count(t, tree_member(t, 1, "client_id")) ==
                                      s->m.connections[midge_slot(c->conn)].cid,
         true},
        {"client_ip", tree_is(t, tree_member(t, 1, "client_ip"), address.text), address.n > 0},
        {"auth_required", tree_truth(t, tree_member(t, 1, "auth_required")), auth},
        {"ldm", tree_truth(t, tree_member(t, 1, "ldm")), false},
        {"connect_info", tree_truth(t, tree_member(t, 1, "connect_info")), in},
        {"remote_account", tree_is(t, tree_member(t, 1, "remote_account"), "$G"), in},
    };
    c->awaits_end &= !tree_truth(t, tree_member(t, 1, "ldm"));
    uint32_t found = 0, needed = 0;
    for (uint32_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        bool there = tree_member(t, 1, members[i].key) != 0;
        // A reload may have come between, or the end of a lame duck.
        bool open = strcmp(members[i].key, "ldm") == 0 ||
                    (w->swarm.doors && strcmp(members[i].key, "auth_required") == 0);
        members[i].needed = open ? there : members[i].needed;
        found += there;
        needed += members[i].needed;
        if (there && !members[i].right)
            return "an INFO with a wrong value";
    }
    return found == needed && t->branch[1].size == found ? NULL
                                                         : "an INFO with other members than it has";
}

// ---- What is known ------------------------------------------------------------------------------

static bool same(const struct midge *m, const struct site *s, index_t held, const char *text) {
    uint32_t n = (uint32_t)strlen(text);
    // Where texts are scarce, it may not have been kept.
    if (held == 0)
        return n == 0 || s->scarce;
    return n > 0 && text_equals(m, held, (const uint8_t *)text, n);
}

const char *greeting_known(const struct world *w, const struct cable *c, const struct manners *m) {
    const struct site *s = &w->sites[c->site];
    const struct conn *conn = &s->m.connections[midge_slot(c->conn)];
    uint32_t f = conn->flags;
    if (!(f & CONN_VERBOSE) == m->verbose || !(f & CONN_PEDANTIC) == m->pedantic ||
        !(f & CONN_ECHO) == m->echo || !(f & CONN_HEADERS) == m->headers ||
        !(f & CONN_NO_RESPONDERS) == m->no_responders || !(f & CONN_ASYNC_INFO) == m->async_info)
        return "a CONNECT has set something else than it says";
    if (!same(&s->m, s, conn->name, m->name) || !same(&s->m, s, conn->lang, m->lang) ||
        !same(&s->m, s, conn->version, m->version) || !same(&s->m, s, conn->login, m->login))
        return "a client's name is another";
    return NULL;
}
