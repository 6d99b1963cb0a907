#include "sim/caller.h"

#include <stdio.h>
#include <string.h>

#include "sim/actor.h"
#include "sim/cable.h"
#include "sim/world.h"

// ---- What it says -------------------------------------------------------------------------------

// Credentials, and whether they are right; where nobody asks for any, whatever they are.
static uint32_t identify(struct world *w, const struct site *s, struct call *call,
                         struct courtesy said[3], bool *right) {
    struct dice *d = &w->dice;
    const char *user = "somebody";
    uint32_t way = dice_below(d, 4);
    char known[16], secret[24] = "\"secret\"";
    *right = true;
    if (s->rights.users > 0) {
        uint32_t who = dice_below(d, s->rights.users);
        *right = way != 0 && !dice_once_in(d, 8);
        snprintf(known, sizeof known, "u%u", who);
        snprintf(secret, sizeof secret, *right ? "\"secret %u\"" : "\"secre%u\"",
                 s->rights.user[who].secret);
        user = known;
        way = way == 0 ? 0 : s->rights.door == DOOR_TOKEN ? 2 : 1;
    }
    if (way == 0)
        return 0;
    snprintf(call->manners.login, sizeof call->manners.login, "%s", way == 2 ? "[REDACTED]" : user);
    if (way == 2) {
        said[0] = (struct courtesy){"auth_token", ""};
        snprintf(said[0].value, sizeof said[0].value, "%s", secret);
        return 1;
    }
    said[0] = (struct courtesy){"user", ""};
    said[1] = (struct courtesy){"pass", ""};
    snprintf(said[0].value, sizeof said[0].value, "\"%s\"", user);
    snprintf(said[1].value, sizeof said[1].value, "%s", secret);
    return 2;
}

static void greet(struct world *w, struct actor *a, struct cable *c) {
    struct call *call = &a->call;
    struct words line = {0};
    struct courtesy said[3] = {0};
    bool right = true;
    uint32_t count = identify(w, &w->sites[c->site], call, said, &right);
    // Who has come in stays who it is, where it does not say otherwise.
    right |= count == 0 && call->greetings > 0;
    call->welcome = greeting_roll(&w->dice, &line, said, count, &call->manners);
    if (!right && call->welcome != WELCOME_PARSE_ERROR)
        call->welcome = WELCOME_NO_ENTRY;
    words_add(&line, "PING\r\n");
    bool welcome = call->welcome == WELCOME;
    call->greetings++;
    call->waiting = true;
    call->oks = welcome && call->manners.verbose;
    call->pongs = welcome;
    call->infos = welcome && !call->told && call->manners.async_info;
    call->told |= welcome;
    cable_write(&c->up, (const uint8_t *)line.text, line.n);
    cable_flow(w, c, &c->up);
}

void caller_act(struct world *w, struct actor *a, struct cable *c) {
    if (a->call.introduced && !a->call.waiting && !w->quiet)
        greet(w, a, c);
}

// ---- What it hears ------------------------------------------------------------------------------

static const char *const refusals[] = {
    [WELCOME_NO_ENTRY] = "-ERR 'Authorization Violation'",
    [WELCOME_BAD_PROTOCOL] = "-ERR 'invalid client protocol'",
    [WELCOME_NEEDS_HEADERS] = "-ERR 'no responders requires headers support'",
};

// Reasons that it need not have given.
static const char *const others[] = {
    "-ERR 'Stale Connection'",
    "-ERR 'Authentication Timeout'",
    "-ERR 'maximum connections exceeded'",
};

static const char *hear_error(struct call *call, const char *line) {
    const char *owed = call->waiting ? refusals[call->welcome] : NULL;
    call->over = owed != NULL && strcmp(line, owed) == 0;
    for (uint32_t i = 0; i < 3; i++)
        call->over |= strcmp(line, others[i]) == 0;
    return call->over ? NULL : "a caller was refused that did nothing wrong, or for another reason";
}

static bool expects(uint8_t *owed) {
    return *owed > 0 && (*owed)-- > 0;
}

static const char *hear(struct world *w, struct actor *a, struct cable *c, const char *line,
                        uint32_t n) {
    struct call *call = &a->call;
    if (strncmp(line, "-ERR ", 5) == 0)
        return hear_error(call, line);
    if (strncmp(line, "INFO ", 5) == 0) {
        bool connected;
        const char *wrong = greeting_info(w, c, line, n, &connected);
        if (!call->introduced)
            agenda_plan(&w->agenda, SLOT_ACTOR + (uint32_t)(a - w->actors), w->now_us + 1);
        call->introduced = true;
        if (wrong == NULL && connected && !expects(&call->infos))
            wrong = "a caller was told twice that it has come in";
        if (wrong == NULL && connected)
            call->waiting = false;
        return wrong;
    }
    if (strcmp(line, "PING") == 0) {
        cable_write(&c->up, (const uint8_t *)"PONG\r\n", 6);
        cable_flow(w, c, &c->up);
        return NULL;
    }
    if (strcmp(line, "+OK") == 0 && call->waiting && expects(&call->oks))
        return NULL;
    if (strcmp(line, "PONG") != 0 || !call->waiting || call->oks > 0 || !expects(&call->pongs))
        return "a caller heard what nobody owes";
    call->waiting = call->infos > 0;
    // Who is being closed may have lost what it was known for.
    return c->far == FAR_OPEN && !c->ending ? greeting_known(w, c, &call->manners) : NULL;
}

void caller_read(struct world *w, struct actor *a, struct cable *c, const uint8_t *bytes,
                 uint32_t n) {
    struct call *call = &a->call;
    for (uint32_t i = 0; i < n; i++) {
        if (call->n == sizeof call->line)
            world_fail(w, "a line without end");
        call->line[call->n++] = (char)bytes[i];
        if (bytes[i] != '\n')
            continue;
        uint32_t length = call->n - 2;
        call->n = 0;
        if (call->line[length] != '\r')
            world_fail(w, "a line without its end");
        call->line[length] = '\0';
        const char *wrong = hear(w, a, c, call->line, length);
        if (wrong != NULL)
            world_fail(w, wrong);
    }
}

void caller_ended(struct world *w, struct actor *a, struct cable *c) {
    const struct call *call = &a->call;
    if (c->cut || call->over || c->dismissed)
        return;
    if (!call->waiting || call->welcome == WELCOME)
        world_fail(w, "a caller was sent away without a word");
    if (call->welcome != WELCOME_PARSE_ERROR)
        world_fail(w, "a caller was not told why it must go");
}
