#include "broker/core/text.h"

#include "broker/core/hash.h"
#include "broker/core/midge.h"

uint32_t text_hash(uint32_t seed, const uint8_t *bytes, uint32_t n) {
    if (n <= TEXT_FIRST_BYTES)
        return hash_bytes(seed, bytes, n);
    uint32_t hash = hash_bytes(seed, bytes, TEXT_FIRST_BYTES);
    for (bytes += TEXT_FIRST_BYTES, n -= TEXT_FIRST_BYTES; n > TEXT_MORE_BYTES;
         bytes += TEXT_MORE_BYTES, n -= TEXT_MORE_BYTES)
        hash = hash_bytes(hash, bytes, TEXT_MORE_BYTES);
    return hash_bytes(hash, bytes, n);
}

uint32_t text_rehash(const struct midge *m, index_t t) {
    const struct text *cell = &m->texts[t];
    uint32_t left = cell->bytes;
    if (left <= TEXT_FIRST_BYTES)
        return hash_bytes(m->seed, cell->first, left);
    uint32_t hash = hash_bytes(m->seed, cell->first, TEXT_FIRST_BYTES);
    for (left -= TEXT_FIRST_BYTES; left > 0;) {
        uint32_t part = left < TEXT_MORE_BYTES ? left : (uint32_t)TEXT_MORE_BYTES;
        cell = &m->texts[cell->more];
        hash = hash_bytes(hash, cell->rest, part);
        left -= part;
    }
    return hash;
}

static index_t *link_of(struct midge *m, index_t t) {
    return &m->texts[t].next;
}

static const struct table_entries texts = {MIDGE_TEXTS_MAX, 1, text_rehash, link_of};

bool text_equals(const struct midge *m, index_t t, const uint8_t *bytes, uint32_t n) {
    const struct text *cell = &m->texts[t];
    if (cell->bytes != n)
        return false;
    uint32_t part = n < TEXT_FIRST_BYTES ? n : (uint32_t)TEXT_FIRST_BYTES;
    if (memcmp(cell->first, bytes, part) != 0)
        return false;
    while ((bytes += part, n -= part) > 0) {
        cell = &m->texts[cell->more];
        part = n < TEXT_MORE_BYTES ? n : (uint32_t)TEXT_MORE_BYTES;
        if (memcmp(cell->rest, bytes, part) != 0)
            return false;
    }
    return true;
}

index_t text_find(const struct midge *m, uint32_t hash, const uint8_t *bytes, uint32_t n) {
    index_t link = m->text_heads[table_bucket(&m->text_table, hash)];
    while ((link & LINK_INDEX) != 0) {
        index_t t = link_to(link, hash);
        if (t != 0 && text_equals(m, t, bytes, n))
            return t;
        link = m->texts[link & LINK_INDEX].next;
    }
    return 0;
}

static void free_cells(struct midge *m, index_t t) {
    while (t != 0) {
        index_t more = m->texts[t].more;
        POOL_GIVE(m, texts, t);
        t = more;
    }
}

// Takes the cells for n bytes and fills them; 0, with none taken, where there are not enough.
static index_t store(struct midge *m, const uint8_t *bytes, uint32_t n) {
    index_t first = POOL_TAKE(m, texts);
    if (first == 0)
        return 0;
    struct text *cell = &m->texts[first];
    cell->more = 0;
    cell->refs = 1;
    cell->bytes = (uint16_t)n;
    memset(cell->first, 0, 8);  // so that a short text is compared by one load
    uint32_t part = n < TEXT_FIRST_BYTES ? n : (uint32_t)TEXT_FIRST_BYTES;
    memcpy(cell->first, bytes, part);
    while ((bytes += part, n -= part) > 0) {
        index_t more = POOL_TAKE(m, texts);
        if (more == 0) {
            free_cells(m, first);
            return 0;
        }
        cell->more = more;
        cell = &m->texts[more];
        cell->more = 0;
        part = n < TEXT_MORE_BYTES ? n : (uint32_t)TEXT_MORE_BYTES;
        memcpy(cell->rest, bytes, part);
    }
    return first;
}

index_t text_hold(struct midge *m, const uint8_t *bytes, uint32_t n) {
    if (n > MIDGE_CONTROL_LINE_MAX)
        return 0;
    index_t t = text_find(m, text_hash(m->seed, bytes, n), bytes, n);
    if (t != 0)
        return text_again(m, t);
    t = store(m, bytes, n);
    if (t != 0)
        table_insert(m, &m->text_table, m->text_heads, &texts, t);
    return t;
}

index_t text_again(struct midge *m, index_t t) {
    if (t != 0)
        m->texts[t].refs++;
    return t;
}

void text_drop(struct midge *m, index_t t) {
    if (t == 0 || --m->texts[t].refs > 0)
        return;
    table_remove(m, &m->text_table, m->text_heads, &texts, t);
    free_cells(m, t);
}

uint32_t text_copy(const struct midge *m, index_t t, uint8_t *to, uint32_t max) {
    if (t == 0)
        return 0;
    const struct text *cell = &m->texts[t];
    uint32_t n = cell->bytes;
    uint32_t left = n < max ? n : max;
    const uint8_t *from = cell->first;
    uint32_t part = TEXT_FIRST_BYTES;
    for (;;) {
        if (part > left)
            part = left;
        memcpy(to, from, part);
        to += part;
        left -= part;
        if (left == 0)
            return n;
        cell = &m->texts[cell->more];
        from = cell->rest;
        part = TEXT_MORE_BYTES;
    }
}
