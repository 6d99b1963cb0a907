#include "sim/exam.h"

#include <stdio.h>
#include <string.h>

#include "sim/actor.h"
#include "sim/cable.h"
#include "sim/question.h"
#include "sim/sitting.h"
#include "sim/world.h"

// ---- A sitting ----------------------------------------------------------------------------------

static void introduce(struct sitting *s) {
    static const char *const truth[] = {"false", "true"};
    struct exam *e = s->e;
    e->verbose = dice_once_in(s->d, 3);
    e->echo = !dice_once_in(s->d, 5);
    e->headers = !dice_once_in(s->d, 3);
    e->pedantic = dice_once_in(s->d, 4);
    e->no_responders = e->headers && dice_once_in(s->d, 2);
    e->introduced = true;
    e->infos_due = 1;
    e->async = dice_once_in(s->d, 2);
    ask(e,
        "CONNECT {\"verbose\":%s,\"echo\":%s,\"headers\":%s,\"pedantic\":%s,"
        "\"no_responders\":%s,\"protocol\":%u%s}\r\n",
        truth[e->verbose], truth[e->echo], truth[e->headers], truth[e->pedantic],
        truth[e->no_responders], e->async,
        s->w->swarm.users ? ",\"user\":\"examiner\",\"pass\":\"every right\"" : "");
    owe_ok(e);
}

void exam_act(struct world *w, struct actor *a, struct cable *c) {
    struct exam *e = &a->exam;
    struct sitting s = {.w = w, .a = a, .e = e, .d = &w->dice};
    s.config = w->sites[a->site].m.config;
    if (!e->greeted || e->reason != 0 || e->read < owed(e) ||
        c->up.written - c->up.taken + EXAM_BYTES > PIPE_BYTES)
        return;
    if (w->quiet && e->introduced)
        return;
    e->asked = e->answer = e->answers = e->read = 0;
    if (!e->introduced)
        e->session = ++w->next_id;
    // What an earlier connection has left on its way is not of this one.
    snprintf(s.subject, sizeof s.subject, "exam.%u", e->session);
    if (!e->introduced)
        introduce(&s);
    else
        question_ask(&s);
    cable_write(&c->up, (const uint8_t *)e->question, e->asked);
    cable_flow(w, c, &c->up);
}

// ---- Answers ------------------------------------------------------------------------------------

// Where pools are scarce a client may be refused, or cut off, at any time; and time may have come
// for it, or it was one too many, which was seen to when the broker said so.
static bool is_excused(const struct world *w, const struct actor *a) {
    uint8_t by = a->cable > 0 ? w->cables[a->cable - 1].ended_by : 0;
    return w->sites[a->site].scarce || by == MIDGE_MAX_CONNECTIONS || by == MIDGE_AUTH_TIMEOUT ||
           by == MIDGE_STALE;
}

static void act_soon(struct world *w, const struct actor *a) {
    agenda_plan(&w->agenda, SLOT_ACTOR + (uint32_t)(a - w->actors), w->now_us + 1);
}

static void give_up(struct world *w, struct actor *a, const char *why) {
    if (!is_excused(w, a))
        world_fail(w, why);
    a->exam.lost = true;
    act_soon(w, a);
}

// A line that the broker says by itself, between two answers. PING and PONG begin alike.
static void read_aside(struct world *w, struct actor *a, char b) {
    struct exam *e = &a->exam;
    if (e->aside < sizeof e->line)
        e->line[e->aside] = b;
    e->aside++;
    if (e->aside == 2 && b == 'O' && owed(e) - e->read >= 2 &&
        memcmp(e->due + e->read, "PO", 2) == 0) {
        e->read += 2;
        e->aside = 0;
    }
    if (b != '\n')
        return;
    struct cable *c = &w->cables[a->cable - 1];
    if (memcmp(e->line, "INFO {", 6) == 0) {
        if (!e->greeted)
            act_soon(w, a);
        e->greeted = true;
        if (++e->infos > (e->introduced ? e->infos_due : 1))
            world_fail(w, "an INFO that nobody owes");
    } else if (memcmp(e->line, "PING\r\n", 6) == 0) {
        if (c->up.written - c->up.taken + 6 <= PIPE_BYTES)
            cable_write(&c->up, (const uint8_t *)"PONG\r\n", 6);
    } else {
        give_up(w, a, "a line that no question is answered by");
    }
    e->aside = 0;
    cable_flow(w, c, &c->up);
}

void exam_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n) {
    struct exam *e = &a->exam;
    for (uint32_t i = 0; i < n && !e->lost; i++) {
        char b = (char)bytes[i];
        bool between = e->answer == 0 ? e->read == 0 : e->read == e->ends[e->answer - 1];
        bool due = e->read < owed(e) && e->due[e->read] == b;
        if (e->aside > 0 || (between && (b == 'I' || b == 'P' || (b == '-' && !due)))) {
            read_aside(w, a, b);
        } else if (due) {
            if (++e->read == e->ends[e->answer])
                e->answer++;
        } else {
            give_up(w, a, "an answer that is not the right one");
        }
    }
}

bool exam_ends(const struct actor *a, int reason) {
    return a->exam.reason == reason;
}

const char *exam_counts(const struct actor *a, const struct conn *conn) {
    const struct exam *e = &a->exam;
    if (conn->in_msgs != e->published || conn->in_bytes != e->published_bytes)
        return "what an examiner has published";
    return conn->out_msgs != e->received || conn->out_bytes != e->received_bytes
               ? "what an examiner has received"
               : NULL;
}

void exam_ended(struct world *w, struct actor *a, struct cable *c) {
    const struct exam *e = &a->exam;
    if (e->reason != 0 && e->read < owed(e) && !c->cut && !is_excused(w, a))
        world_fail(w, "a last answer is missing");
}

const char *exam_settle(const struct actor *a) {
    const struct exam *e = &a->exam;
    if (e->lost)
        return NULL;
    if (e->reason != 0)
        return "a client was not cut off";
    if (e->infos < e->infos_due)
        return "an INFO is missing";
    return e->read < owed(e) ? "an answer is missing" : NULL;
}
