#include "sim/doors.h"

#include <string.h>

#include "sim/ledger.h"
#include "sim/world.h"

// What was, before a reload.
static struct rights before;
static struct {
    bool in, admitted;
    uint32_t user;  // 1 + its index, 0 for none
} clients[MIDGE_CONNECTIONS_MAX + 1];

static bool is_client(const struct conn *c) {
    return c->kind == MIDGE_CLIENT && c->cid != 0 && !(c->flags & CONN_CLOSING);
}

void doors_change(struct world *w, struct site *s) {
    struct dice *d = &w->dice;
    struct rights *r = &s->rights;
    before = *r;
    s->reloads++;
    for (uint32_t i = 1; i <= MIDGE_CONNECTIONS_MAX; i++) {
        const struct conn *c = &s->m.connections[i];
        clients[i].in = i <= s->m.pools[POOL_connections].fresh && is_client(c);
        clients[i].admitted = clients[i].in && (c->flags & CONN_ADMITTED);
        clients[i].user = clients[i].in ? c->user : 0;
    }
    if (!w->swarm.doors)
        return;
    if (dice_once_in(d, 3))
        s->connections_max = dice_between(d, 4, s->small ? 12 : MIDGE_CLIENTS_MAX);
    switch (dice_below(d, 6)) {
    case 0:  // anyone may do anything
        r->users = 0;
        break;
    case 1:  // others, with other rights
        rights_make(r, &w->subjects, d);
        rights_narrow(r, &w->subjects, d);
        break;
    case 2:  // one has another password
        if (r->users > 0)
            r->user[dice_below(d, r->users)].secret++;
        break;
    case 3:  // one has gone
        r->users -= r->users > 1;
        break;
    default:
        break;
    }
}

// Whether a client may stay, by who it was to the broker: a user of the list, the single one, the
// token's bearer or anyone.
static bool may_stay(const struct site *s, uint32_t i) {
    const struct rights *now = &s->rights;
    bool listed = before.users > 0 && before.door == DOOR_USERS;
    bool bearer = before.users > 0 && before.door == DOOR_TOKEN;
    bool named = before.users > 0 && !bearer;
    uint32_t user = listed ? clients[i].user - 1 : 0;
    if (now->users == 0)
        return !named;
    if (listed && clients[i].user > before.users)
        return now->door == DOOR_USERS;  // an examiner, who is in every list
    if (now->door == DOOR_TOKEN)
        return bearer && now->user[0].secret == before.user[0].secret;
    return named && user < now->users && now->user[user].secret == before.user[user].secret;
}

void doors_judge(struct world *w, struct site *s) {
    const struct midge *m = &s->m;
    int why[MIDGE_CONNECTIONS_MAX + 1] = {0};
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++)
        why[i] = clients[i].admitted && !may_stay(s, i) ? MIDGE_AUTH_VIOLATION : 0;
    // Of those left, the newest are too many.
    uint32_t open = m->open[MIDGE_CLIENT], most = m->config->max_connections;
    for (uint32_t excess = open > most ? open - most : 0; excess > 0; excess--) {
        uint32_t newest = 0;
        for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
            bool newer = newest == 0 || m->connections[i].cid > m->connections[newest].cid;
            if (clients[i].in && why[i] == 0 && newer)
                newest = i;
        }
        why[newest] = MIDGE_MAX_CONNECTIONS;
    }
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        bool going = (c->flags & CONN_CLOSING) != 0;
        if (!clients[i].in)
            continue;
        // A client may be cut off at the same time because it is slow to hear of all that.
        int reason = going ? conn_reason(c) : 0;
        if (reason != why[i] && reason != MIDGE_SLOW_PENDING)
            world_fail(w, "a reload has sent away another client, or for another reason");
    }
    for (uint32_t i = 0; i < CABLES_MAX; i++) {
        struct cable *c = &w->cables[i];
        bool here = c->used && &w->sites[c->site] == s && c->far == FAR_OPEN;
        if (!here || c->kind != MIDGE_CLIENT)
            continue;
        bool refused = why[midge_slot(c->conn)] == MIDGE_AUTH_VIOLATION;
        c->ledger.impostor |= refused;
        if (!refused)
            ledger_recheck(w, c);
    }
}
