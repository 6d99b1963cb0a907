#include "port/tls/arena.h"

#include <string.h>

#define UNIT 8u

// In front of each block's bytes. A free block's bytes begin with its links.
struct block {
    uint16_t at;      // its place in the arena, in units
    uint16_t units;   // its size, this header included
    uint16_t before;  // the size of the block before it, 0 for the first
    uint16_t used;
};

struct links {
    uint16_t next, prev;
};

#define BLOCK_UNITS_MIN 2  // a header, and a free block's links

static struct arena *general, *numbers;

static struct block *block_at(struct arena *arena, uint32_t at) {
    return (struct block *)((char *)arena + at * UNIT);
}

static struct links *links_of(struct block *b) {
    return (struct links *)(b + 1);
}

static struct arena *arena_of(struct block *b) {
    return (struct arena *)((char *)b - b->at * UNIT);
}

// The block behind one, NULL for the last.
static struct block *after(struct arena *arena, struct block *b) {
    uint32_t at = (uint32_t)b->at + b->units;
    return at < arena->units ? block_at(arena, at) : NULL;
}

static void list_add(struct arena *arena, struct block *b) {
    *links_of(b) = (struct links){arena->free, 0};
    if (arena->free != 0)
        links_of(block_at(arena, arena->free))->prev = b->at;
    arena->free = b->at;
}

static void list_remove(struct arena *arena, struct block *b) {
    struct links *links = links_of(b);
    if (links->prev != 0)
        links_of(block_at(arena, links->prev))->next = links->next;
    else
        arena->free = links->next;
    if (links->next != 0)
        links_of(block_at(arena, links->next))->prev = links->prev;
}

static void resize(struct arena *arena, struct block *b, uint32_t units) {
    b->units = (uint16_t)units;
    struct block *next = after(arena, b);
    if (next != NULL)
        next->before = b->units;
}

void arena_init(struct arena *arena, uint32_t bytes) {
    const uint16_t first = sizeof *arena / UNIT;
    *arena = (struct arena){.units = (uint16_t)(bytes / UNIT)};
    struct block *b = block_at(arena, first);
    *b = (struct block){first, (uint16_t)(arena->units - first), 0, 0};
    list_add(arena, b);
}

void arena_use(struct arena *arena, struct arena *for_numbers) {
    general = arena;
    numbers = for_numbers;
}

static void *take(struct arena *arena, size_t n, size_t bytes) {
    if (n == 0 || bytes == 0 || bytes > ARENA_BYTES_MAX / n)
        return NULL;
    uint32_t units = (uint32_t)((n * bytes + UNIT - 1) / UNIT + 1);
    uint16_t at = arena->free;
    while (at != 0 && block_at(arena, at)->units < units)
        at = links_of(block_at(arena, at))->next;
    if (at == 0)
        return NULL;
    struct block *b = block_at(arena, at);
    list_remove(arena, b);
    if (b->units - units >= BLOCK_UNITS_MIN) {
        struct block *rest = block_at(arena, b->at + units);
        *rest = (struct block){(uint16_t)(b->at + units), 0, (uint16_t)units, 0};
        resize(arena, rest, b->units - units);
        b->units = (uint16_t)units;
        list_add(arena, rest);
    }
    b->used = 1;
    arena->used += b->units;
    if (arena->used > arena->high)
        arena->high = arena->used;
    return memset(b + 1, 0, b->units * UNIT - sizeof *b);
}

struct arena *arena_in_use(void) {
    return general;
}

void *arena_calloc(size_t n, size_t bytes) {
    return take(general, n, bytes);
}

void *arena_calloc_number(size_t n, size_t bytes) {
    return take(numbers, n, bytes);
}

void arena_free(void *memory) {
    if (memory == NULL)
        return;
    struct block *b = (struct block *)memory - 1;
    struct arena *arena = arena_of(b);
    b->used = 0;
    arena->used -= b->units;
    struct block *next = after(arena, b);
    if (next != NULL && !next->used) {
        list_remove(arena, next);
        resize(arena, b, (uint32_t)b->units + next->units);
    }
    struct block *before = b->before != 0 ? block_at(arena, (uint32_t)b->at - b->before) : NULL;
    if (before != NULL && !before->used) {
        list_remove(arena, before);
        resize(arena, before, (uint32_t)before->units + b->units);
        b = before;
    }
    list_add(arena, b);
}
