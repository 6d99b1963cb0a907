#include "boards/chip/slots.h"

#include <stddef.h>
#include <string.h>

#include "hal/hal.h"

// What is programmed or read at once: whole units of programming, as a header and a mark are.
#define CHUNK_BYTES SLOTS_HEADER_BYTES

_Static_assert(sizeof(struct slots_header) == SLOTS_HEADER_BYTES, "as slots.h has it");
_Static_assert(SLOTS_MARK_BYTES == CHUNK_BYTES, "a mark is programmed at once");

enum { COUNTS = 1, ON_TRIAL = 2 };  // formats

enum { BEGUN = 2, WORKED = 1 };  // marks, as they count from the end

enum { IDLE, ERASE, CONTENT, HEADER, SYNC };

#define NO_SLOT UINT32_MAX

// ---- Places -------------------------------------------------------------------------------------

static uint32_t slot_bytes(const struct slots *s) {
    uint32_t sector_bytes = hal_flash().sector_bytes;
    return sector_bytes > s->bytes ? sector_bytes : s->bytes;
}

uint32_t slots_end(const struct slots *s) {
    uint32_t at = 2 * hal_flash().sector_bytes;
    for (; s != NULL; s = s->before)
        at += 2 * slot_bytes(s);
    return at;
}

static uint32_t slot_at(const struct slots *s, uint32_t slot) {
    return slots_end(s) - (2 - slot) * slot_bytes(s);
}

static uint32_t mark_at(const struct slots *s, uint32_t slot, uint32_t mark) {
    return slot_at(s, slot) + s->bytes - mark * SLOTS_MARK_BYTES;
}

static bool have_flash(const struct slots *s) {
    struct hal_flash flash = hal_flash();
    return slots_end(s) <= flash.bytes && flash.program_bytes <= CHUNK_BYTES && flash.bytes > 0;
}

// ---- What is there ------------------------------------------------------------------------------

uint32_t slots_crc(uint32_t crc, const void *bytes, uint32_t n) {
    const uint8_t *b = bytes;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= b[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return crc;
}

// A number of the host's as it lies in flash, and back.
static uint32_t little(uint32_t number) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    number = __builtin_bswap32(number);
#endif
    return number;
}

static uint32_t crc_of_header(const struct slots_header *h) {
    return slots_crc(UINT32_MAX, h, offsetof(struct slots_header, crc));
}

// Reads a slot's header. False where the slot is not valid.
static bool check_slot(const struct slots *s, uint32_t slot, struct slots_header *h) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t at = slot_at(s, slot);
    if (hal_flash_read(at, h, sizeof *h) != 0 || h->magic != little(s->magic) ||
        (h->format != little(COUNTS) && h->format != little(ON_TRIAL)) ||
        little(h->bytes) > SLOTS_ROOM(s->bytes))
        return false;
    uint32_t crc = crc_of_header(h), bytes = little(h->bytes);
    for (uint32_t done = 0; done < bytes; done += CHUNK_BYTES) {
        uint32_t n = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
        if (hal_flash_read(at + sizeof *h + done, chunk, n) != 0)
            return false;
        crc = slots_crc(crc, chunk, n);
    }
    hal_wipe(chunk, sizeof chunk);
    return h->crc == little(~crc);
}

static bool is_marked(const struct slots *s, uint32_t slot, uint32_t mark) {
    uint8_t bytes[SLOTS_MARK_BYTES];
    if (hal_flash_read(mark_at(s, slot, mark), bytes, sizeof bytes) != 0)
        return false;
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        if (bytes[i] != 0xff)
            return true;
    }
    return false;
}

static bool make_mark(const struct slots *s, uint32_t slot, uint32_t mark) {
    static const uint8_t zeros[SLOTS_MARK_BYTES];
    return hal_flash_done(hal_flash_program(mark_at(s, slot, mark), zeros, sizeof zeros)) &&
           hal_flash_done(hal_flash_sync());
}

// What is in both slots: the one that is kept, and the one that is newer and on trial.
struct found {
    uint32_t kept, trial;  // or NO_SLOT
    struct slots_header headers[2];
};

// Of two valid slots.
static uint32_t newer_of(const struct slots_header h[2]) {
    return (int32_t)(little(h[1].number) - little(h[0].number)) < 0 ? 0 : 1;
}

static void find(const struct slots *s, struct found *f) {
    bool valid[2], counts[2];
    f->kept = f->trial = NO_SLOT;
    if (!have_flash(s))
        return;
    for (uint32_t i = 0; i < 2; i++) {
        valid[i] = check_slot(s, i, &f->headers[i]);
        counts[i] = valid[i] && (f->headers[i].format == little(COUNTS) || is_marked(s, i, WORKED));
    }
    bool some = counts[0] || counts[1];
    // Where the one that counted is damaged, the other will do, and what is written beside that.
    const bool *fit = some ? counts : valid;
    bool both = valid[0] && valid[1];
    uint32_t newer = both ? newer_of(f->headers) : 0;
    if (fit[0] && fit[1])
        f->kept = some ? newer : 1 - newer;
    else if (fit[0] || fit[1])
        f->kept = fit[1];
    if (both && f->kept != newer)
        f->trial = newer;
}

// ---- At a start ---------------------------------------------------------------------------------

enum slots_state slots_start(const struct slots *s) {
    struct found f;
    find(s, &f);
    if (f.trial == NO_SLOT)
        return f.kept == NO_SLOT ? SLOTS_EMPTY : SLOTS_KEPT;
    bool begins = !is_marked(s, f.trial, BEGUN) && make_mark(s, f.trial, BEGUN);
    return begins ? SLOTS_ON_TRIAL : SLOTS_BACK;
}

int32_t slots_read(const struct slots *s, enum slots_state state, void *to, uint32_t max) {
    struct found f;
    find(s, &f);
    // Once it has worked, it is the one that is kept.
    uint32_t slot = state == SLOTS_ON_TRIAL && f.trial != NO_SLOT ? f.trial : f.kept;
    if (slot == NO_SLOT || little(f.headers[slot].bytes) > max)
        return HAL_ERR_IO;
    uint32_t bytes = little(f.headers[slot].bytes);
    int32_t answer = hal_flash_read(slot_at(s, slot) + SLOTS_HEADER_BYTES, to, bytes);
    return answer < 0 ? answer : (int32_t)bytes;
}

int32_t slots_keep(const struct slots *s) {
    struct found f;
    find(s, &f);
    return f.trial != NO_SLOT && make_mark(s, f.trial, WORKED) ? 0 : HAL_ERR_IO;
}

// ---- Writing ------------------------------------------------------------------------------------

static bool begin(struct slots_work *w, const struct slots *s, uint32_t format, const void *content,
                  uint32_t bytes) {
    struct found f;
    find(s, &f);
    bool alone = f.kept == NO_SLOT;
    *w = (struct slots_work){
        .slots = s,
        .phase = ERASE,
        .slot = f.kept == 0 ? 1 : 0,
        .content = content,
        .bytes = bytes,
        .header = {.magic = little(s->magic),
                   .format = little(alone ? COUNTS : format),
                   .number = alone ? 0 : little(little(f.headers[f.kept].number) + 1),
                   .bytes = little(bytes)},
    };
    w->last = content != NULL ? w->slot : 1 - w->slot;
    memset(w->header.erased, 0xff, sizeof w->header.erased);
    w->header.crc = little(~slots_crc(crc_of_header(&w->header), content, bytes));
    return w->header.format == little(ON_TRIAL);
}

void slots_write(struct slots_work *w, const struct slots *s, const void *content, uint32_t bytes) {
    begin(w, s, COUNTS, content, bytes);
}

bool slots_try(struct slots_work *w, const struct slots *s, const void *content, uint32_t bytes) {
    return begin(w, s, ON_TRIAL, content, bytes);
}

void slots_erase(struct slots_work *w, const struct slots *s) {
    begin(w, s, COUNTS, NULL, 0);
}

// ---- Steps --------------------------------------------------------------------------------------

// From a slot's begin, so that its header goes first.
static int32_t erase_sector(struct slots_work *w) {
    int32_t answer = hal_flash_erase(slot_at(w->slots, w->slot) + w->done);
    w->done += hal_flash().sector_bytes;
    if (w->done >= slot_bytes(w->slots)) {
        w->done = 0;
        w->phase = CONTENT;
    }
    return answer;
}

// What follows may not outrun it: it is synced.
static int32_t program_content(struct slots_work *w) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t left = w->bytes - w->done;
    if (left == 0) {
        w->phase = w->content != NULL ? HEADER : w->slot == w->last ? SYNC : ERASE;
        w->slot = w->last;
        return hal_flash_sync();
    }
    uint32_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    uint32_t at = slot_at(w->slots, w->slot) + SLOTS_HEADER_BYTES + w->done;
    memset(chunk, 0xff, sizeof chunk);
    memcpy(chunk, (const uint8_t *)w->content + w->done, n);
    w->done += n;
    int32_t answer = hal_flash_program(at, chunk, sizeof chunk);
    hal_wipe(chunk, sizeof chunk);
    return answer;
}

static int32_t do_next(struct slots_work *w) {
    switch (w->phase) {
    case ERASE:
        return erase_sector(w);
    case CONTENT:
        return program_content(w);
    case HEADER:
        w->phase = SYNC;
        return hal_flash_program(slot_at(w->slots, w->slot), &w->header, sizeof w->header);
    case SYNC:
        w->phase = IDLE;
        return hal_flash_sync();
    default:
        return 0;
    }
}

int32_t slots_proceed(struct slots_work *w) {
    int32_t answer = have_flash(w->slots) ? hal_flash_busy() : HAL_ERR_INVALID;
    while (answer == 0 && w->phase != IDLE)
        answer = do_next(w);
    if (answer < 0)
        w->phase = IDLE;
    return answer;
}

int32_t slots_finish(struct slots_work *w) {
    int32_t answer;
    do {
        answer = slots_proceed(w);
    } while (answer > 0);
    return answer;
}
