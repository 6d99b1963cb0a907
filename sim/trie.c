#include "sim/trie.h"

#include <string.h>

#include "broker/core/hash.h"
#include "sim/subjects.h"

#define STAR 1  // the texts that every table has
#define GT 2

// What was counted on a walk.
static struct {
    uint32_t text_refs[MIDGE_TEXTS_MAX + 1];
    uint32_t children[MIDGE_NODES_MAX + 1];
    bool free_node[MIDGE_NODES_MAX + 1];
    uint32_t subs, groups;
} seen;

// ---- Texts --------------------------------------------------------------------------------------

static uint32_t read_text(const struct midge *m, index_t t, char *to) {
    uint32_t n = text_copy(m, t, (uint8_t *)to, MIDGE_CONTROL_LINE_MAX);
    to[n] = '\0';
    return n;
}

static const char *check_text(const struct midge *m, index_t t, struct dice *d) {
    static char bytes[MIDGE_CONTROL_LINE_MAX + 1];
    uint32_t n = read_text(m, t, bytes);
    uint32_t hash = text_hash(m->seed, (const uint8_t *)bytes, n);
    if (text_find(m, hash, (const uint8_t *)bytes, n) != t)
        return "a text that is not found, or twice there";
    if (m->texts[t].refs != seen.text_refs[t])
        return "the references of a text";
    for (uint32_t i = n; i < 8; i++) {
        if (m->texts[t].first[i] != 0)
            return "what follows a short text";
    }
    // Every byte counts. Two texts may have the same hash by chance, but hardly a third one.
    uint32_t which = dice_below(d, n), same = 0;
    char byte = bytes[which];
    do {
        bytes[which] = (char)(byte ^ (char)(1 + dice_below(d, 255)));
        if (text_find(m, hash, (const uint8_t *)bytes, n) == t)
            return "a text that is taken for another";
    } while (text_hash(m->seed, (const uint8_t *)bytes, n) == hash && ++same < 3);
    return same < 3 ? NULL : "a text whose hash leaves out a byte";
}

static uint32_t cells_of(const struct midge *m, index_t t) {
    uint32_t n = m->texts[t].bytes;
    uint32_t more = n > TEXT_FIRST_BYTES ? n - (uint32_t)TEXT_FIRST_BYTES : 0;
    return 1 + (more + (uint32_t)TEXT_MORE_BYTES - 1) / (uint32_t)TEXT_MORE_BYTES;
}

static void refer(index_t t) {
    if (t != 0)
        seen.text_refs[t]++;
}

// ---- Hash tables --------------------------------------------------------------------------------

static uint32_t node_hash(const struct midge *m, index_t i) {
    const struct node *node = &m->nodes[i];
    return hash_pair(node->parent, hash_key(m->seed, text_rehash(m, node->token)));
}

static uint32_t sid_hash(const struct midge *m, index_t i) {
    const struct sub *s = &m->subscriptions[i];
    uint32_t n = s->sid_bytes != SUB_SID_TEXT ? s->sid_bytes : (uint32_t)sizeof(index_t);
    return hash_bytes(m->seed ^ (uint32_t)s->owner << 8, s->sid, n);
}

static index_t text_next(const struct midge *m, index_t i) {
    return m->texts[i].next;
}

static index_t node_next(const struct midge *m, index_t i) {
    return m->nodes[i].next;
}

static index_t sid_next(const struct midge *m, index_t i) {
    return m->subscriptions[i].sid_next;
}

// A table, how many buckets it has for each entry, and the most entries it can have had.
static bool table_is_sound(const struct midge *m, const struct table *t, const index_t *heads,
                           uint32_t per_entry, uint32_t entries_max, uint32_t most,
                           uint32_t (*hash)(const struct midge *, index_t),
                           index_t (*next)(const struct midge *, index_t)) {
    uint32_t count = 0;
    uint32_t due = t->entries * per_entry, max = entries_max * per_entry;
    if (t->buckets < (due < max ? due : max) || t->buckets > (most > 0 ? most * per_entry : 1))
        return false;
    if (t->buckets - 1 > t->mask || (t->buckets > 1 && t->buckets - 1 <= t->mask >> 1) ||
        (t->mask & (t->mask + 1)) != 0)
        return false;
    for (uint32_t b = 0; b < t->buckets; b++) {
        for (index_t link = heads[b]; link != 0; count++) {
            index_t i = link & LINK_INDEX;
            index_t following = next(m, i);
            uint32_t h = hash(m, i);
            // Linear hashing, as its inventor has it.
            uint32_t home = h & t->mask;
            if (home >= t->buckets)
                home &= t->mask >> 1;
            if (home != b || ((link ^ h) & LINK_TAG) != 0 ||
                (LINK_WIDE && ((link & LINK_MORE) != 0) != (following != 0)) || count > t->entries)
                return false;
            link = following;
        }
    }
    return count == t->entries;
}

static const char *check_texts(const struct midge *m, struct dice *d) {
    uint32_t cells = 0;
    const struct table *t = &m->text_table;
    for (uint32_t b = 0; b < t->buckets; b++) {
        for (index_t i = m->text_heads[b] & LINK_INDEX; i != 0; i = m->texts[i].next & LINK_INDEX) {
            const char *wrong = check_text(m, i, d);
            if (wrong != NULL)
                return wrong;
            cells += cells_of(m, i);
        }
    }
    return cells == m->pools[POOL_texts].used ? NULL : "the cells of texts";
}

// ---- Subscriptions ------------------------------------------------------------------------------

static const char *check_sub(const struct midge *m, index_t i, index_t home, bool grouped) {
    const struct sub *s = &m->subscriptions[i];
    if (s->home != home || ((s->flags & SUB_GROUPED) != 0) != grouped)
        return "where a subscription belongs";
    if (s->max > 0 && s->delivered >= s->max)
        return "a subscription that should have ended";
    if (m->connections[s->owner].cid == 0)
        return "a subscription of nobody";
    if (s->sid_bytes == SUB_SID_TEXT) {
        index_t text;
        memcpy(&text, s->sid, sizeof text);
        refer(text);
    }
    seen.subs++;
    return NULL;
}

static const char *check_plain(const struct midge *m, index_t node) {
    index_t prev = 0;
    for (index_t i = m->nodes[node].plain; i != 0; prev = i, i = m->subscriptions[i].next) {
        const char *wrong = check_sub(m, i, node, false);
        if (wrong != NULL)
            return wrong;
        if (m->subscriptions[i].prev != prev || seen.subs > MIDGE_SUBSCRIPTIONS_MAX)
            return "the list of a node's subscriptions";
    }
    return NULL;
}

static const char *check_group(const struct midge *m, index_t g, index_t node) {
    const struct group *group = &m->groups[g];
    index_t i = group->cursor;
    seen.groups++;
    refer(group->name);
    if (group->node != node || group->members == 0)
        return "a group that should not be there";
    for (index_t other = group->next; other != 0; other = m->groups[other].next) {
        if (m->groups[other].name == group->name)
            return "a group that is twice there";
    }
    for (uint32_t n = 0; n < group->members; n++, i = m->subscriptions[i].next) {
        const char *wrong = check_sub(m, i, g, true);
        if (wrong != NULL)
            return wrong;
        if (m->subscriptions[m->subscriptions[i].next].prev != i)
            return "the ring of a group's members";
    }
    return i == group->cursor ? NULL : "the number of a group's members";
}

static const char *check_node(const struct midge *m, index_t i) {
    const struct node *node = &m->nodes[i];
    const struct node *parent = &m->nodes[node->parent];
    refer(node->token);
    if (i != m->root) {
        if (seen.free_node[node->parent])
            return "a node without a parent";
        seen.children[node->parent]++;
        bool linked = node->token == STAR ? parent->star == i
                      : node->token == GT
                          ? parent->gt == i
                          : (parent->filter & node_filter(text_rehash(m, node->token))) != 0;
        if (!linked)
            return "a node to which nothing leads";
        if (node->children == 0 && node->plain == 0 && node->groups == 0)
            return "a node that is of no use";
    }
    const char *wrong = check_plain(m, i);
    for (index_t g = node->groups; g != 0 && wrong == NULL; g = m->groups[g].next)
        wrong = check_group(m, g, i);
    return wrong;
}

static const char *check_nodes(const struct midge *m) {
    const struct pool *p = &m->pools[POOL_nodes];
    memset(seen.free_node, 0, p->fresh + 1u);
    memset(seen.children, 0, (p->fresh + 1u) * sizeof seen.children[0]);
    for (index_t i = p->free; i != 0; memcpy(&i, &m->nodes[i], sizeof i))
        seen.free_node[i] = true;
    seen.free_node[0] = true;
    if (m->nodes[m->root].parent != 0 || m->nodes[m->root].token != 0)
        return "the root of all nodes";
    uint32_t linked = 0;
    for (index_t i = 1; i <= p->fresh; i++) {
        const char *wrong = seen.free_node[i] ? NULL : check_node(m, i);
        if (wrong != NULL)
            return wrong;
    }
    for (index_t i = 1; i <= p->fresh; i++) {
        const struct node *node = &m->nodes[i];
        if (seen.free_node[i])
            continue;
        linked += i != m->root && node->token != STAR && node->token != GT;
        if (node->children != seen.children[i])
            return "the number of a node's children";
        if ((node->children == 0) != ((node->filter | node->star | node->gt) == 0) &&
            node->children == 0)
            return "the filter of a node without children";
    }
    if (linked != m->node_table.entries)
        return "the nodes in their table";
    return NULL;
}

static const char *check_owners(const struct midge *m) {
    uint32_t all = 0;
    // Who walks the pool tells those that are free by this.
    for (index_t i = m->pools[POOL_subscriptions].free; i != 0;
         memcpy(&i, &m->subscriptions[i], sizeof i)) {
        if (m->subscriptions[i].home != 0)
            return "a free subscription that seems to be in use";
    }
    for (uint32_t c = 1; c <= m->pools[POOL_connections].fresh; c++) {
        const struct conn *conn = &m->connections[c];
        if (conn->cid == 0)
            continue;
        uint32_t count = 0;
        index_t prev = 0;
        for (index_t i = conn->subs; i != 0; prev = i, i = m->subscriptions[i].owner_next) {
            const struct sub *s = &m->subscriptions[i];
            if (s->owner != c || s->owner_prev != prev || ++count > conn->subs_count)
                return "the list of an owner's subscriptions";
            if (s->sid_bytes != SUB_SID_TEXT &&
                subs_find(m, (uint16_t)c, s->sid, s->sid_bytes) != i)
                return "a subscription that is not found";
        }
        if (count != conn->subs_count)
            return "the number of an owner's subscriptions";
        all += count;
        refer(conn->name);
        refer(conn->lang);
        refer(conn->version);
        refer(conn->login);
    }
#if MIDGE_RESPONSES_MAX > 0
    for (uint32_t i = 0; i < MIDGE_RESPONSES_MAX; i++) {
        if (m->responses[i].subject != 0 && m->connections[m->responses[i].conn].cid == 0)
            return "an answer that nobody may give";
        refer(m->responses[i].subject);
    }
#endif
    for (uint32_t i = 0; i <= MIDGE_CLOSED_MAX; i++) {
        refer(m->closed[i].facts.name);
        refer(m->closed[i].facts.lang);
        refer(m->closed[i].facts.version);
        refer(m->closed[i].facts.login);
    }
    if (all != seen.subs || all != m->pools[POOL_subscriptions].used ||
        all != m->sid_table.entries || m->subs_inserted - m->subs_removed != all)
        return "the number of subscriptions";
    return seen.groups == m->pools[POOL_groups].used ? NULL : "the number of groups";
}

// ---- The cache of matches -----------------------------------------------------------------------

static bool is_in(const index_t *nodes, uint32_t count, index_t node) {
    while (count > 0) {
        if (nodes[--count] == node)
            return true;
    }
    return false;
}

static bool matches_anything(const struct midge *m, index_t i) {
    return (m->nodes[i].plain | m->nodes[i].groups) != 0;
}

// Holds a remembered match against each node that has subscriptions. One that has none any more may
// still be in it.
static const char *check_remembered(const struct midge *m, const struct cached *entry) {
    char subject[MIDGE_CACHE_SUBJECT_BYTES + 1];
    static char pattern[MIDGE_CONTROL_LINE_MAX + 1];
    uint32_t left = 0;
    memcpy(subject, entry->subject, entry->bytes);
    subject[entry->bytes] = '\0';
    for (uint32_t i = 0; i < entry->count; i++) {
        if (seen.free_node[entry->nodes[i]])
            return "a match that is remembered with a node that is gone";
        left += matches_anything(m, entry->nodes[i]);
    }
    for (index_t i = 1; i <= m->pools[POOL_nodes].fresh; i++) {
        const struct node *node = &m->nodes[i];
        if (seen.free_node[i] || !matches_anything(m, i))
            continue;
        index_t sub = node->plain != 0 ? node->plain : m->groups[node->groups].cursor;
        uint32_t n = subs_subject(m, sub, (uint8_t *)pattern, MIDGE_CONTROL_LINE_MAX);
        pattern[n] = '\0';
        if (!subjects_match(pattern, subject))
            continue;
        left--;
        if (!is_in(entry->nodes, entry->count, i))
            return "a match that is remembered without one of its nodes";
    }
    return left == 0 ? NULL : "a match that is remembered with too many nodes";
}

const char *trie_check(const struct midge *m, struct dice *d) {
    memset(seen.text_refs, 0, (m->pools[POOL_texts].fresh + 1u) * sizeof seen.text_refs[0]);
    seen.subs = seen.groups = 0;
    seen.text_refs[STAR] = seen.text_refs[GT] = 1;
    const char *wrong = m->generation != 0 ? check_nodes(m) : "a generation that nothing has";
    if (wrong == NULL)
        wrong = check_owners(m);
    if (wrong == NULL)
        wrong = check_texts(m, d);
    if (wrong != NULL)
        return wrong;
    const struct pool *p = m->pools;
    if (!table_is_sound(m, &m->text_table, m->text_heads, 1, MIDGE_TEXTS_MAX, p[POOL_texts].high,
                        text_rehash, text_next))
        return "the table of texts";
    if (!table_is_sound(m, &m->node_table, m->node_heads, NODE_BUCKETS, MIDGE_NODES_MAX,
                        p[POOL_nodes].high, node_hash, node_next))
        return "the table of nodes";
    if (!table_is_sound(m, &m->sid_table, m->sid_heads, 1, MIDGE_SUBSCRIPTIONS_MAX,
                        p[POOL_subscriptions].high, sid_hash, sid_next))
        return "the table of sids";
    const struct cached *entry = &m->cache[dice_below(d, MIDGE_CACHE_ENTRIES)];
    return entry->generation == m->generation ? check_remembered(m, entry) : NULL;
}
