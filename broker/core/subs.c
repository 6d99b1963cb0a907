#include "broker/core/subs.h"

#include "broker/core/hash.h"
#include "broker/core/midge.h"

// Texts that subs_init interns first, so that their indices are known.
#define TEXT_STAR 1
#define TEXT_GT 2

static uint32_t hash_of_node(const struct midge *m, index_t i) {
    const struct node *node = &m->nodes[i];
    return hash_pair(node->parent, hash_key(m->seed, text_rehash(m, node->token)));
}

static index_t *link_of_node(struct midge *m, index_t i) {
    return &m->nodes[i].next;
}

static const struct table_entries nodes = {MIDGE_NODES_MAX * NODE_BUCKETS, NODE_BUCKETS,
                                           hash_of_node, link_of_node};

static uint32_t hash_sid(const struct midge *m, uint16_t owner, const uint8_t *sid, uint32_t n) {
    return hash_bytes(m->seed ^ (uint32_t)owner << 8, sid, n);
}

static uint32_t hash_of_sid(const struct midge *m, index_t i) {
    const struct sub *s = &m->subscriptions[i];
    // A long sid is hashed by its text's index, which lies in its place.
    uint32_t n = s->sid_bytes != SUB_SID_TEXT ? s->sid_bytes : (uint32_t)sizeof(index_t);
    return hash_sid(m, s->owner, s->sid, n);
}

static index_t *link_of_sid(struct midge *m, index_t i) {
    return &m->subscriptions[i].sid_next;
}

static const struct table_entries sids = {MIDGE_SUBSCRIPTIONS_MAX, 1, hash_of_sid, link_of_sid};

bool subs_init(struct midge *m) {
    return text_hold(m, (const uint8_t *)"*", 1) == TEXT_STAR &&
           text_hold(m, (const uint8_t *)">", 1) == TEXT_GT;
}

static index_t node_new(struct midge *m, index_t parent, index_t token) {
    index_t i = POOL_TAKE(m, nodes);
    if (i == 0)
        return 0;
    m->nodes[i] = (struct node){.parent = parent, .token = text_again(m, token)};
    return i;
}

index_t subs_root(struct midge *m) {
    return node_new(m, 0, 0);
}

static index_t node_child(const struct midge *m, index_t parent, index_t token) {
    if (token == TEXT_STAR)
        return m->nodes[parent].star;
    if (token == TEXT_GT)
        return m->nodes[parent].gt;
    uint32_t hash = hash_pair(parent, hash_key(m->seed, text_rehash(m, token)));
    index_t i = m->node_heads[table_bucket(&m->node_table, hash)] & LINK_INDEX;
    while (i != 0 && (m->nodes[i].parent != parent || m->nodes[i].token != token))
        i = m->nodes[i].next & LINK_INDEX;
    return i;
}

static index_t node_add(struct midge *m, index_t parent, index_t token) {
    index_t i = node_new(m, parent, token);
    if (i == 0)
        return 0;
    m->nodes[parent].children++;
    if (token == TEXT_STAR)
        m->nodes[parent].star = i;
    else if (token == TEXT_GT)
        m->nodes[parent].gt = i;
    else {
        m->nodes[parent].filter |= node_filter(text_rehash(m, token));
        table_insert(m, &m->node_table, m->node_heads, &nodes, i);
    }
    return i;
}

// Frees a node that is of no use any more, and its parents likewise.
static void node_prune(struct midge *m, index_t i) {
    for (;;) {
        struct node *node = &m->nodes[i];
        index_t parent = node->parent;
        if (parent == 0 || node->children > 0 || node->plain != 0 || node->groups != 0)
            return;
        if (node->token == TEXT_STAR)
            m->nodes[parent].star = 0;
        else if (node->token == TEXT_GT)
            m->nodes[parent].gt = 0;
        else
            table_remove(m, &m->node_table, m->node_heads, &nodes, i);
        m->nodes[parent].children--;
        if (m->nodes[parent].children == 0)
            m->nodes[parent].filter = 0;
        text_drop(m, node->token);
        POOL_GIVE(m, nodes, i);
        match_forget(m);
        i = parent;
    }
}

// The node of a subject, made where it is missing; 0, with nothing changed, where a pool is full.
static index_t node_path(struct midge *m, index_t root, const uint8_t *s, uint32_t n) {
    index_t at = root;
    const uint8_t *end = s + n;
    for (uint32_t depth = 0; s <= end; depth++) {
        const uint8_t *dot = memchr(s, '.', (size_t)(end - s));
        if (dot == NULL)
            dot = end;
        index_t token = depth < MIDGE_TOKENS_MAX ? text_hold(m, s, (uint32_t)(dot - s)) : 0;
        index_t child = 0;
        if (token != 0) {
            child = node_child(m, at, token);
            if (child == 0)
                child = node_add(m, at, token);
            text_drop(m, token);
        }
        if (child == 0) {
            node_prune(m, at);
            return 0;
        }
        at = child;
        s = dot + 1;
    }
    return at;
}

static index_t group_find(struct midge *m, index_t node, index_t name) {
    index_t g = m->nodes[node].groups;
    while (g != 0 && m->groups[g].name != name)
        g = m->groups[g].next;
    return g;
}

static index_t group_of(struct midge *m, index_t node, const uint8_t *queue, uint32_t n) {
    index_t name = text_hold(m, queue, n);
    if (name == 0)
        return 0;
    index_t g = group_find(m, node, name);
    if (g != 0) {
        text_drop(m, name);
        return g;
    }
    g = POOL_TAKE(m, groups);
    if (g == 0) {
        text_drop(m, name);
        return 0;
    }
    m->groups[g] = (struct group){.next = m->nodes[node].groups, .node = node, .name = name};
    m->nodes[node].groups = g;
    return g;
}

static void group_drop(struct midge *m, index_t g) {
    struct group *group = &m->groups[g];
    index_t *at = &m->nodes[group->node].groups;
    while (*at != g)
        at = &m->groups[*at].next;
    *at = group->next;
    text_drop(m, group->name);
    POOL_GIVE(m, groups, g);
}

static void link_plain(struct midge *m, index_t i, index_t node) {
    struct sub *s = &m->subscriptions[i];
    s->home = node;
    s->prev = 0;
    s->next = m->nodes[node].plain;
    if (s->next != 0)
        m->subscriptions[s->next].prev = i;
    m->nodes[node].plain = i;
}

static void link_member(struct midge *m, index_t i, index_t g) {
    struct sub *s = &m->subscriptions[i];
    struct group *group = &m->groups[g];
    s->home = g;
    s->flags |= SUB_GROUPED;
    if (group->members++ == 0)
        s->next = group->cursor = i;
    s->prev = group->cursor;
    s->next = m->subscriptions[group->cursor].next;
    m->subscriptions[s->next].prev = i;
    m->subscriptions[s->prev].next = i;
}

static bool store_sid(struct midge *m, struct sub *s, const uint8_t *sid, uint32_t n) {
    if (n <= SUB_SID_BYTES) {
        s->sid_bytes = (uint8_t)n;
        memcpy(s->sid, sid, n);
        return true;
    }
    index_t text = text_hold(m, sid, n);
    s->sid_bytes = SUB_SID_TEXT;
    memcpy(s->sid, &text, sizeof text);
    return text != 0;
}

static void drop_sid(struct midge *m, struct sub *s) {
    if (s->sid_bytes != SUB_SID_TEXT)
        return;
    index_t text;
    memcpy(&text, s->sid, sizeof text);
    text_drop(m, text);
}

static void index_sub(struct midge *m, index_t i) {
    struct sub *s = &m->subscriptions[i];
    struct conn *owner = &m->connections[s->owner];
    s->owner_prev = 0;
    s->owner_next = owner->subs;
    if (owner->subs != 0)
        m->subscriptions[owner->subs].owner_prev = i;
    owner->subs = i;
    owner->subs_count++;
    table_insert(m, &m->sid_table, m->sid_heads, &sids, i);
}

index_t subs_insert(struct midge *m, const struct sub_wish *wish) {
    index_t i = POOL_TAKE(m, subscriptions);
    if (i == 0)
        return 0;
    struct sub *s = &m->subscriptions[i];
    *s = (struct sub){.owner = wish->owner};
    if (!store_sid(m, s, wish->sid, wish->sid_bytes)) {
        POOL_GIVE(m, subscriptions, i);
        return 0;
    }
    index_t node = node_path(m, wish->root, wish->subject, wish->subject_bytes);
    index_t group = 0;
    if (node != 0 && wish->queue_bytes > 0) {
        group = group_of(m, node, wish->queue, wish->queue_bytes);
        if (group == 0) {
            node_prune(m, node);
            node = 0;
        }
    }
    if (node == 0) {
        drop_sid(m, s);
        POOL_GIVE(m, subscriptions, i);
        return 0;
    }
    // A node that had no subscriptions starts to match.
    const struct node *at = &m->nodes[node];
    if (at->plain == 0 && (at->groups == 0 || m->groups[at->groups].members == 0))
        match_forget(m);
    if (group != 0)
        link_member(m, i, group);
    else
        link_plain(m, i, node);
    index_sub(m, i);
    m->subs_inserted++;
    return i;
}

static void unlink_plain(struct midge *m, const struct sub *s) {
    if (s->next != 0)
        m->subscriptions[s->next].prev = s->prev;
    if (s->prev != 0)
        m->subscriptions[s->prev].next = s->next;
    else
        m->nodes[s->home].plain = s->next;
}

static void unlink_member(struct midge *m, const struct sub *s, index_t i) {
    struct group *group = &m->groups[s->home];
    group->members--;
    m->subscriptions[s->prev].next = s->next;
    m->subscriptions[s->next].prev = s->prev;
    if (group->cursor == i)
        group->cursor = s->prev;
}

static void unindex_sub(struct midge *m, index_t i) {
    struct sub *s = &m->subscriptions[i];
    struct conn *owner = &m->connections[s->owner];
    table_remove(m, &m->sid_table, m->sid_heads, &sids, i);
    if (s->owner_next != 0)
        m->subscriptions[s->owner_next].owner_prev = s->owner_prev;
    if (s->owner_prev != 0)
        m->subscriptions[s->owner_prev].owner_next = s->owner_next;
    else
        owner->subs = s->owner_next;
    owner->subs_count--;
}

void subs_remove(struct midge *m, index_t i) {
    struct sub *s = &m->subscriptions[i];
    unindex_sub(m, i);
    index_t node = s->home;
    if (s->flags & SUB_GROUPED) {
        node = m->groups[s->home].node;
        unlink_member(m, s, i);
        if (m->groups[s->home].members == 0)
            group_drop(m, s->home);
    } else {
        unlink_plain(m, s);
    }
    drop_sid(m, s);
    s->home = 0;  // free, for those who walk the pool
    POOL_GIVE(m, subscriptions, i);
    node_prune(m, node);
    m->subs_removed++;
}

index_t subs_find(const struct midge *m, uint16_t owner, const uint8_t *sid, uint32_t sid_bytes) {
    uint8_t want_bytes = (uint8_t)sid_bytes;
    index_t text;
    if (sid_bytes > SUB_SID_BYTES) {
        text = text_find(m, text_hash(m->seed, sid, sid_bytes), sid, sid_bytes);
        if (text == 0)
            return 0;
        want_bytes = SUB_SID_TEXT;
        sid = (const uint8_t *)&text;
        sid_bytes = sizeof text;
    }
    index_t to = m->sid_heads[table_bucket(&m->sid_table, hash_sid(m, owner, sid, sid_bytes))];
    for (index_t i; (i = to & LINK_INDEX) != 0; to = m->subscriptions[i].sid_next) {
        const struct sub *s = &m->subscriptions[i];
        if (s->owner == owner && s->sid_bytes == want_bytes && memcmp(s->sid, sid, sid_bytes) == 0)
            return i;
    }
    return 0;
}

index_t subs_pick(struct midge *m, index_t g) {
    struct group *group = &m->groups[g];
    uint32_t stride = group->members < GROUP_STRIDE ? group->members : GROUP_STRIDE;
    for (uint32_t steps = 1 + random_below(m, stride); steps > 0; steps--)
        group->cursor = m->subscriptions[group->cursor].next;
    return group->cursor;
}

// ---- Text ---------------------------------------------------------------------------------------

static index_t node_of(const struct midge *m, index_t sub) {
    const struct sub *s = &m->subscriptions[sub];
    return s->flags & SUB_GROUPED ? m->groups[s->home].node : s->home;
}

uint32_t subs_subject(const struct midge *m, index_t sub, uint8_t *to, uint32_t max) {
    // Tokens come from the leaf up: measure first, then fill from the end.
    uint32_t n = 0;
    index_t leaf = node_of(m, sub);
    for (index_t i = leaf; m->nodes[i].parent != 0; i = m->nodes[i].parent)
        n += m->texts[m->nodes[i].token].bytes + (n > 0);
    uint32_t end = n;
    for (index_t i = leaf; m->nodes[i].parent != 0; i = m->nodes[i].parent) {
        uint32_t bytes = m->texts[m->nodes[i].token].bytes;
        uint32_t at = end - bytes;
        if (at < max)
            text_copy(m, m->nodes[i].token, to + at, max - at);
        if (at > 0 && at - 1 < max)
            to[at - 1] = '.';
        end = at - 1;
    }
    return n;
}

uint32_t subs_queue(const struct midge *m, index_t sub, uint8_t *to, uint32_t max) {
    const struct sub *s = &m->subscriptions[sub];
    return s->flags & SUB_GROUPED ? text_copy(m, m->groups[s->home].name, to, max) : 0;
}

uint32_t subs_sid(const struct midge *m, index_t sub, uint8_t *to, uint32_t max) {
    const struct sub *s = &m->subscriptions[sub];
    if (s->sid_bytes == SUB_SID_TEXT) {
        index_t text;
        memcpy(&text, s->sid, sizeof text);
        return text_copy(m, text, to, max);
    }
    memcpy(to, s->sid, s->sid_bytes < max ? s->sid_bytes : max);
    return s->sid_bytes;
}
