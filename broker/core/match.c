#include "broker/core/match.h"

#include "broker/core/hash.h"
#include "broker/core/hint.h"
#include "broker/core/midge.h"

// ---- What is remembered -------------------------------------------------------------------------

// Short ones without a call.
static inline bool same_bytes(const uint8_t *a, const uint8_t *b, uint32_t n) {
#if MIDGE_MATCH_AHEAD == 1
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        uint32_t x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        if (x != y)
            return false;
    }
    while (i < n && a[i] == b[i])
        i++;
    return i == n;
#else
    if (n <= 8)
        return word_load_part(a, n) == word_load_part(b, n);
    uint32_t last = n - 8;
    for (uint32_t i = 0; i < last; i += 8) {
        if (word_load(a + i) != word_load(b + i))
            return false;
    }
    return word_load(a + last) == word_load(b + last);
#endif
}

static inline bool is_cached(const struct midge *m, const struct cached *entry,
                             const struct lookup *l) {
    return entry->generation == m->generation && entry->root == l->root &&
           entry->bytes == l->bytes && same_bytes(entry->subject, l->subject, l->bytes);
}

struct matched match_recall(struct midge *m, struct lookup *l) {
    // Publishers repeat themselves: the entry that served last is looked at without hashing.
    const struct cached *entry = &m->cache[m->cache_last];
    if (!is_cached(m, entry, l)) {
        l->hash = hash_bytes(m->seed + l->root, l->subject, l->bytes);
        uint32_t at = l->hash % MIDGE_CACHE_ENTRIES;
        entry = &m->cache[at];
        if (m->cache_tags[at].kept != l->hash >> 16 || !is_cached(m, entry, l))
            return UNMATCHED;
        m->cache_last = at;
    }
    m->matches++;
    m->cache_hits++;
    return (struct matched){entry->nodes, entry->count, m->generation};
}

void match_forget(struct midge *m) {
    if (++m->generation != 0)
        return;
    // Only so much: a delivery may be at the nodes of one.
    for (uint32_t i = 0; i < MIDGE_CACHE_ENTRIES; i++)
        m->cache[i].generation = 0;
    m->generation = 1;
}

// The entry that an answer is of, where it is the one that served last.
static inline bool is_last(const struct midge *m, struct matched found) {
    return found.nodes == m->cache[m->cache_last].nodes;
}

bool match_permits(const struct midge *m, struct matched found, uint16_t permissions) {
    return is_last(m, found) && m->cache[m->cache_last].permitted == permissions + 1;
}

void match_permit(struct midge *m, struct matched found, uint16_t permissions) {
    if (is_last(m, found))
        m->cache[m->cache_last].permitted = (uint16_t)(permissions + 1);
}

static void remember(struct midge *m, const struct lookup *l) {
    uint32_t at = l->hash % MIDGE_CACHE_ENTRIES;
    uint16_t tag = (uint16_t)(l->hash >> 16);
    if (m->cache_tags[at].seen != tag) {
        m->cache_tags[at].seen = tag;
        return;
    }
    if (l->bytes > MIDGE_CACHE_SUBJECT_BYTES || l->found.count > MIDGE_CACHE_NODES)
        return;
    m->cache_tags[at].kept = tag;
    struct cached *entry = &m->cache[at];
    entry->generation = m->generation;
    entry->root = l->root;
    entry->permitted = 0;
    entry->bytes = (uint8_t)l->bytes;
    entry->count = (uint8_t)l->found.count;
    memcpy(entry->subject, l->subject, l->bytes);
    memcpy(entry->nodes, l->found.nodes, l->found.count * sizeof entry->nodes[0]);
}

// ---- Tokens -------------------------------------------------------------------------------------

// How many bytes from s on, which precedes `end`, are before a dot, and their hash.
static inline uint32_t token_bytes(const struct midge *m, const uint8_t *s, const uint8_t *end,
                                   uint32_t *hash) {
    const uint8_t *dot = memchr(s, '.', (size_t)(end - s));
    uint32_t n = (uint32_t)((dot != NULL ? dot : end) - s);
    *hash = text_hash(m->seed, s, n);
    return n;
}

// Fills a level with the token that begins at s. Returns its length.
static inline uint32_t take_token(const struct midge *m, const struct lookup *l, const uint8_t *s,
                                  struct level *level) {
    const uint8_t *const end = l->subject + l->bytes;
    uint32_t hash;
    uint32_t n;
#if MIDGE_MATCH_AHEAD > 1
    if (l->bytes < 8) {
        n = token_bytes(m, s, end, &hash);
        level->word = word_load_part(s, n);
    } else {
        // Eight bytes that end no later than the subject.
        const uint32_t left = (uint32_t)(end - s);
        const uint32_t back = 8 - (left < 8 ? left : 8);
        uint64_t w = word_load(s - back) >> (8 * back & 63);
        n = word_first(word_equal(w, '.'));
        n = n < left ? n : left;
        if (n == 0)
            return 0;
        if (n == 8 && left > 8) {
            n = token_bytes(m, s, end, &hash);
        } else {
            w &= ~(uint64_t)0 >> ((64 - 8 * n) & 63);
            hash = hash_word((uint64_t)n << 32 | m->seed, w);
        }
        level->word = w;
    }
#else
    n = token_bytes(m, s, end, &hash);
#endif
    level->key = hash_key(m->seed, hash);
    level->token = s;
    level->bytes = (uint16_t)n;
    level->filter = node_filter(hash);
    return n;
}

// Splits a subject into levels from `first` on: one a token, and one for what follows the last.
// Returns the level after it; `first` where a token is empty, so that nothing matches; 0 for want
// of levels. Tokens deeper than those of any subscription are left out: only a `>` above reaches
// them.
static uint32_t split(struct midge *m, const struct lookup *l, uint32_t which, uint32_t first) {
    const uint8_t *const end = l->subject + l->bytes;
    const uint32_t deepest = first + MIDGE_TOKENS_MAX;
    struct level *levels = m->match.levels;
    uint32_t i = first;
    bool deeper = false;
    for (const uint8_t *s = l->subject;; s++) {
        uint32_t n = 0;
        if (i >= MATCH_LEVELS - 1 && i < deepest)
            return 0;
        if (s < end)
            n = take_token(m, l, s, &levels[i]);
        levels[i].lookup = (uint8_t)which;
        levels[i].more = true;
        deeper = i == deepest;
        i += !deeper;
        if (n == 0)
            return first;
        s += n;
        if (s == end)
            break;
    }
    levels[i].lookup = (uint8_t)which;
    levels[i].more = deeper;
    levels[i].filter = 0;
    return i + 1;
}

// ---- The walk -----------------------------------------------------------------------------------

// Whether that node is the parent's child for the level's token.
static inline bool is_child(const struct midge *m, const struct node *node, index_t parent,
                            const struct level *level) {
#if MIDGE_MATCH_AHEAD > 1
    const struct text *cell = &m->texts[node->token];
    if (node->parent == parent && cell->bytes == level->bytes && level->bytes <= 8)
        return word_load(cell->first) == level->word;
#endif
    return node->parent == parent && text_equals(m, node->token, level->token, level->bytes);
}

// The child that is not the first in its bucket, 0 for none.
NEVER_INLINE index_t further(const struct midge *m, const struct probe *p) {
    const struct level *level = &m->match.levels[p->from.level];
    index_t i = p->link & LINK_INDEX;
    do {
        i = m->nodes[i].next & LINK_INDEX;
    } while (i != 0 && !is_child(m, &m->nodes[i], p->from.node, level));
    return i;
}

// Walks from the first `visits` of the stack. Puts the nodes that match in match.nodes and whose
// they are, by a level of theirs, in match.levels_of; returns their number, or where there may be
// more than `max`, MATCH_NONE.
#define MATCH_NONE UINT32_MAX

static uint32_t walk(struct midge *m, uint32_t visits, uint32_t max) {
    struct match *const match = &m->match;
    struct visit *const stack = match->visits;
    struct probe *const batch = match->probes;
    const struct table table = m->node_table;
    uint32_t count = 0;
    uint32_t probes = 0;
    while (visits > 0) {
        uint32_t n = visits < MIDGE_MATCH_AHEAD ? visits : MIDGE_MATCH_AHEAD;
        uint32_t probed = 0;
        if (max - count < n)
            return MATCH_NONE;
        visits -= n;
        MIDGE_ASSERT(visits + 2 * n <= MATCH_VISITS);
        // What is put on the stack here overwrites only visits that were read before. Everything
        // is stored, and counted where it holds: a branch would be taken as often as not.
        const struct visit *v = &stack[visits];
        for (const struct visit *const end = v + n; v < end; v++) {
            const struct visit from = *v;
            const struct node *node = &m->nodes[from.node];
            const struct level *level = &match->levels[from.level];
            const index_t goes = (index_t)-level->more;
            const index_t ends = (node->plain | node->groups) != 0 ? from.node : 0;
            const index_t hit = (node->gt & goes) | (ends & ~goes);
            const index_t star = node->star & goes;
            const uint32_t hash = hash_pair(from.node, level->key);
            const uint32_t bucket = table_bucket(&table, hash);
            PREFETCH(&m->node_heads[bucket]);
            batch[probed].from = from;
            batch[probed].want = (index_t)(bucket | (hash & LINK_TAG));
            probed += (node->filter & level->filter) != 0;
            match->nodes[count] = hit;
            match->levels_of[count] = from.level;
            count += hit != 0;
            stack[visits] = (struct visit){star, (uint16_t)(from.level + 1)};
            visits += star != 0;
            PREFETCH(&m->nodes[star]);
        }
        probes += probed;
        // Only those remain that have a child, or a longer chain in their bucket.
        uint32_t left = 0;
        for (const struct probe *p = batch; p < batch + probed; p++) {
            index_t link = m->node_heads[p->want & LINK_INDEX];
            index_t child = link_to(link, p->want);
            PREFETCH(&m->nodes[child]);
            batch[left].from = p->from;
            batch[left].link = link;
            batch[left].child = child;
            left += (child | (link & LINK_MORE)) != 0;
        }
        for (const struct probe *p = batch; p < batch + left; p++) {
            index_t child = p->child;
            const struct node *node = &m->nodes[child];
            bool found = is_child(m, node, p->from.node, &match->levels[p->from.level]);
            if ((found == false) & link_more(p->link, node->next)) {
                child = further(m, p);
                found = child != 0;
            }
            stack[visits] = (struct visit){child, (uint16_t)(p->from.level + 1)};
            visits += found;
        }
    }
    m->probes += probes;
    return count;
}

struct matched match(struct midge *m, index_t root, const uint8_t *subject, uint32_t n) {
    struct lookup l = {.subject = subject, .bytes = n, .root = root};
    l.found = match_recall(m, &l);
    if (l.found.nodes != NULL)
        return l.found;
    m->matches++;
    l.found = (struct matched){m->match.nodes, 0, m->generation};
    uint32_t levels = split(m, &l, 0, 0);
    if (levels != 0) {
        m->match.visits[0] = (struct visit){root, 0};
        l.found.count = walk(m, 1, UINT32_MAX);
        remember(m, &l);
    }
    return l.found;
}

#if MIDGE_MATCH_AHEAD > 1
// Sorts what was found for n lookups by them.
static void sort_found(struct midge *m, struct lookup *l, uint32_t n, uint32_t count) {
    struct match *match = &m->match;
    for (uint32_t i = 0; i < count; i++) {
        const struct sub *sub = &m->subscriptions[m->nodes[match->nodes[i]].plain];
        PREFETCH(sub);
        PREFETCH((const char *)(sub + 1) - 1);
        l[match->levels[match->levels_of[i]].lookup].found.count++;
    }
    index_t *end = match->ahead;
    for (uint32_t i = 0; i < n; i++) {
        l[i].found.nodes = end;
        end += l[i].found.count;
        l[i].found.count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct matched *to = &l[match->levels[match->levels_of[i]].lookup].found;
        match->ahead[to->nodes - match->ahead + to->count++] = match->nodes[i];
    }
}

uint32_t match_ahead(struct midge *m, struct lookup *l, uint32_t n) {
    uint32_t levels = 0;
    uint32_t visits = 0;
    uint32_t i;
    for (i = 0; i < n; i++) {
        uint32_t end = split(m, &l[i], i, levels);
        if (end == 0)
            break;
        l[i].found = (struct matched){NULL, 0, m->generation};
        if (end > levels)
            m->match.visits[visits++] = (struct visit){l[i].root, (uint16_t)levels};
        levels = end;
    }
    n = i;
    uint32_t count = walk(m, visits, MATCH_FOUND);
    if (count == MATCH_NONE)
        return 0;
    sort_found(m, l, n, count);
    for (i = 0; i < n; i++)
        remember(m, &l[i]);
    m->matches += n;
    return n;
}
#endif
