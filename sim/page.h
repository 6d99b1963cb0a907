// A page of configuration as operators write it, by hand and in haste: each key, value, gap and end
// in any spelling that the grammar has for it. Whatever is written, its place is known.

#ifndef SIM_PAGE_H
#define SIM_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/dice.h"

#define PAGE_BYTES 16384

struct page {
    const char *name;
    struct dice *dice;
    uint32_t n;
    char text[PAGE_BYTES];
};

// Where a key stands, as complaints name it, and how it was spelled there.
struct spot {
    const char *page;
    uint32_t line, column;
    char key[40];
};

// The place behind what was written so far. Lines count from 1, and columns from the line end
// before, so that the first line alone has a column 0.
struct spot page_spot(const struct page *p);

void page_add(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Blanks, empty lines and comments, or nothing.
void page_gap(struct page *p);

// A key, one of `names` where `|` separates several, and what goes between it and its value.
struct spot page_key(struct page *p, const char *names);

// Values.
void page_switch(struct page *p, bool on);
void page_number(struct page *p, int64_t value);
void page_text(struct page *p, const char *text);

// A duration without quotes; answers its nanoseconds.
int64_t page_duration(struct page *p);

// What goes between a value and the next key or, in an array, element.
void page_end(struct page *p, bool array);

#endif
