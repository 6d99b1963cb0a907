#include "sim/application.h"

#include <string.h>

#include "sim/cable.h"
#include "sim/world.h"

// Handlers have no state but the world, of which there is one in a process.
static struct world *world;

static struct cable *cable_of(struct world *w, const struct site *s) {
    return s->application > 0 ? &w->cables[s->application - 1] : NULL;
}

void application_start(struct world *w, struct site *s) {
    world = w;
    s->application = 0;
    uint32_t i = 0;
    while (i < CABLES_MAX && w->cables[i].used)
        i++;
    if (!w->swarm.application || i == CABLES_MAX)
        return;
    struct cable *c = &w->cables[i];
    memset(c, 0, offsetof(struct cable, up));
    ledger_open(&c->ledger);
    c->ledger.headers = true;
    c->used = true;
    c->kind = MIDGE_LOCAL;
    c->site = (uint8_t)(s - w->sites);
    s->application = (uint16_t)(i + 1);
}

void application_end(struct world *w, struct site *s) {
    struct cable *c = cable_of(w, s);
    if (c == NULL)
        return;
    ledger_close(w, c);
    ledger_drop(w, &c->ledger);
    c->used = false;
    s->application = 0;
}

// ---- What it hears ------------------------------------------------------------------------------

static void on_message(void *context, const struct midge_message *message) {
    struct world *w = world;
    static uint8_t payload[PIPE_BYTES];
    // The context is the handler itself: its site, and its number.
    uint32_t handler = (uint32_t)((const uint8_t *)context - w->handlers);
    struct site *s = &w->sites[handler / SIDS_MAX];
    struct cable *c = cable_of(w, s);
    uint32_t n, whole = 0;
    for (const uint8_t *at; (at = midge_payload(message, whole, &n)) != NULL; whole += n) {
        if (whole + n > sizeof payload)
            world_fail(w, "the application got too much");
        memcpy(payload + whole, at, n);
    }
    if (whole != message->payload_bytes)
        world_fail(w, "the application got a part of a message");
    struct reading r = {.kind = PROMISE_MESSAGE,
                        .subject = message->subject,
                        .subject_bytes = message->subject_bytes,
                        .reply = message->reply,
                        .reply_bytes = message->reply_bytes,
                        .sid = handler % SIDS_MAX,
                        .payload = payload,
                        .bytes = whole,
                        .header_bytes = message->header_bytes};
    struct promise kept;
    // What hostile clients publish is in nobody's ledger.
    const char *wrong = ledger_read(w, c, &r, &kept);
    if (wrong != NULL && w->swarm.hostile == 0)
        world_fail(w, wrong);
    w->delivered++;
}

// ---- What it does -------------------------------------------------------------------------------

static void subscribe(struct world *w, struct site *s, struct cable *c) {
    static const char *const queues[] = {NULL, "q1", "q2", "workers", "a-group-with-a-long-name"};
    uint32_t pattern = dice_below(&w->dice, w->subjects.patterns);
    uint32_t queue = dice_once_in(&w->dice, 3) ? dice_between(&w->dice, 1, QUEUES_MAX) : 0;
    uint32_t id = 1;
    while (id <= MIDGE_HANDLERS_MAX && c->ledger.subscriptions[id].active)
        id++;
    if (id > MIDGE_HANDLERS_MAX) {
        id = dice_between(&w->dice, 1, MIDGE_HANDLERS_MAX);
        midge_unsubscribe(&s->m, s->handler[id]);
        ledger_unsubscribe(w, c, id);
        return;
    }
    uint8_t *context = w->handlers + (s - w->sites) * SIDS_MAX + id;
    int32_t answer = midge_subscribe(&s->m, w->subjects.pattern[pattern].text, queues[queue],
                                     on_message, context);
    if (answer == MIDGE_ERR_FULL && s->scarce)
        return;
    if (answer <= 0)
        world_fail(w, "the application could not subscribe");
    s->handler[id] = answer;
    c->conn = s->m.local;
    ledger_subscribe(w, c, id, pattern, queue);
}

static void publish(struct world *w, struct site *s, struct cable *c) {
    struct order o = {.verb = ORDER_PUB,
                      .subject = (uint8_t)dice_below(&w->dice, w->subjects.count),
                      .id = ++w->next_id};
    uint32_t n = dice_between(&w->dice, 4, w->swarm.payload_max);
    o.bytes = (uint16_t)n;
    if (dice_once_in(&w->dice, 4))
        o.reply = (uint8_t)(SUBJECTS_COMMON + 1 + dice_below(&w->dice, w->swarm.actors));
    const char *reply = o.reply > 0 ? w->subjects.subject[o.reply - 1].text : NULL;
    const char *subject = w->subjects.subject[o.subject].text;
    int32_t answer = midge_publish(&s->m, subject, reply, ledger_filler(w, o.id), n);
    if (answer != 0 && answer != MIDGE_ERR_FULL)
        world_fail(w, "the application could not publish");
    if (answer == 0) {
        c->conn = s->m.local;
        ledger_publish(w, c, &o);
    }
    if (midge_publish(&s->m, "a..b", NULL, NULL, 0) == 0)
        world_fail(w, "the application published on a subject that is none");
}

bool application_act(struct world *w, struct site *s) {
    struct cable *c = cable_of(w, s);
    if (c == NULL || w->quiet || !dice_once_in(&w->dice, w->swarm.application))
        return false;
    if (dice_once_in(&w->dice, 4))
        subscribe(w, s, c);
    else
        publish(w, s, c);
    return true;
}

void application_stop(struct world *w, struct site *s) {
    struct cable *c = cable_of(w, s);
    if (c == NULL)
        return;
    for (uint32_t id = 1; id <= MIDGE_HANDLERS_MAX; id++)
        midge_unsubscribe(&s->m, s->handler[id]);
    ledger_settle(w, c);
    application_end(w, s);
}
