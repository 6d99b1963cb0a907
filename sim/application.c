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
    s->last_handler = 0;
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
    s->handled++;
}

// ---- What it does -------------------------------------------------------------------------------

// The id that a new handler gets: the next one whose place among them is free, 0 where none is.
static int32_t next_id(const struct site *s, const struct cable *c) {
    for (int32_t id = s->last_handler + 1; id <= s->last_handler + MIDGE_HANDLERS_MAX; id++) {
        bool taken = false;
        for (uint32_t i = 1; i <= MIDGE_HANDLERS_MAX; i++)
            taken |= c->ledger.subscriptions[i].active &&
                     s->handler[i] % MIDGE_HANDLERS_MAX == id % MIDGE_HANDLERS_MAX;
        if (!taken)
            return id;
    }
    return 0;
}

static void unsubscribe(struct world *w, struct site *s, struct cable *c) {
    uint32_t id = dice_between(&w->dice, 1, MIDGE_HANDLERS_MAX);
    if (!c->ledger.subscriptions[id].active)
        return;
    midge_unsubscribe(&s->m, s->handler[id]);
    ledger_unsubscribe(w, c, id);
    // Once more, and what never was: without effect.
    midge_unsubscribe(&s->m, s->handler[id]);
    midge_unsubscribe(&s->m, 0);
    midge_unsubscribe(&s->m, -1);
}

static void subscribe(struct world *w, struct site *s, struct cable *c) {
    static const char *const queues[] = {NULL, "q1", "q2", "workers", "a-group-with-a-long-name"};
    uint32_t pattern = dice_below(&w->dice, w->subjects.patterns);
    uint32_t queue = dice_once_in(&w->dice, 3) ? dice_between(&w->dice, 1, QUEUES_MAX) : 0;
    uint32_t id = 1;
    while (id <= MIDGE_HANDLERS_MAX && c->ledger.subscriptions[id].active)
        id++;
    int32_t due = next_id(s, c);
    uint8_t *context = w->handlers + (s - w->sites) * SIDS_MAX + id;
    int32_t answer = midge_subscribe(&s->m, w->subjects.pattern[pattern].text, queues[queue],
                                     on_message, context);
    const struct pool *connections = &s->m.pools[POOL_connections];
    bool crowded = connections->used == connections->limit;
    if (answer == MIDGE_ERR_FULL && (s->scarce || crowded || due == 0))
        return;
    if (answer != due)
        world_fail(w, "the application could not subscribe, or more often than it may");
    s->handler[id] = s->last_handler = answer;
    c->conn = s->m.local;
    ledger_subscribe(w, c, id, pattern, queue);
}

// What the broker must refuse, and does not change anything.
static void ask_nonsense(struct world *w, struct site *s) {
    static const char *const subjects[] = {"",    ".",    "a..b", ".a",   "a.",
                                           "a b", "a\tb", "a\r",  "a.b ", "a.\n"};
    static char longest[MIDGE_CONTROL_LINE_MAX + 2];
    static const char reply[] = "r.s";
    const char *subject = subjects[dice_below(&w->dice, sizeof subjects / sizeof subjects[0])];
    uint32_t most = s->m.config->max_payload;
    uint8_t *context = w->handlers;
    if (midge_publish(&s->m, subject, NULL, NULL, 0) == 0 ||
        midge_publish(&s->m, "a.*", NULL, NULL, 0) == 0 ||
        midge_publish(&s->m, ">", NULL, NULL, 0) == 0 ||
        midge_publish(&s->m, "nobody.a", "b c", NULL, 0) == 0 ||
        midge_publish(&s->m, "nobody.a", NULL, w->filler, most + 1) == 0 ||
        midge_subscribe(&s->m, subject, NULL, on_message, context) > 0 ||
        midge_subscribe(&s->m, "nobody.>.a", NULL, on_message, context) > 0 ||
        midge_subscribe(&s->m, "nobody.a", "a queue", on_message, context) > 0 ||
        midge_subscribe(&s->m, "nobody.a", NULL, NULL, context) > 0)
        world_fail(w, "the application was allowed what makes no sense");
    // The longest line, and a byte more: 16 are kept for the sizes.
    memset(longest, 'x', sizeof longest - 1);
    if (midge_subscribe(&s->m, longest, NULL, on_message, context) > 0)
        world_fail(w, "the application subscribed to what no line can name");
    longest[MIDGE_CONTROL_LINE_MAX - 16 - (sizeof reply - 1)] = '\0';
    memcpy(longest, "nobody.", 7);
    int32_t fits = midge_publish(&s->m, longest, reply, w->filler, most);
    int32_t longer = midge_publish(&s->m, longest, "r.st", NULL, 0);
    bool sent = fits == 0 || (fits == MIDGE_ERR_FULL && w->swarm.hostile > 0);
    if (s->m.local != 0 && (!sent || longer != MIDGE_ERR_INVALID))
        world_fail(w, "the longest subject of an application");
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
}

bool application_act(struct world *w, struct site *s) {
    struct cable *c = cable_of(w, s);
    if (c == NULL || w->quiet || !dice_once_in(&w->dice, w->swarm.application))
        return false;
    uint32_t roll = dice_below(&w->dice, 32);
    if (roll == 0 && w->swarm.examiner > 0)
        ask_nonsense(w, s);
    else if (roll < 7)
        subscribe(w, s, c);
    else if (roll < 9)
        unsubscribe(w, s, c);
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
