#include "boards/chip/settings.h"

#include <stddef.h>
#include <string.h>

#include "hal/hal.h"

_Static_assert(SETTINGS_SLOT_BYTES >= 512 && (SETTINGS_SLOT_BYTES & (SETTINGS_SLOT_BYTES - 1)) == 0,
               "SETTINGS_SLOT_BYTES: 512 or more, a power of two");

#define MAGIC 0x4347444Du  // "MDGC"
#define FORMAT 1

// What is programmed or read at once: whole units of programming, as a header is.
#define CHUNK_BYTES SETTINGS_HEADER_BYTES

_Static_assert(sizeof(struct settings_header) == SETTINGS_HEADER_BYTES, "as settings.h has it");

enum { IDLE, ERASE, TEXT, HEADER, SYNC };

#define NO_SLOT UINT32_MAX

static uint32_t slot_bytes(void) {
    uint32_t sector_bytes = hal_flash().sector_bytes;
    return sector_bytes > SETTINGS_SLOT_BYTES ? sector_bytes : SETTINGS_SLOT_BYTES;
}

static uint32_t slot_at(uint32_t slot) {
    return 2 * hal_flash().sector_bytes + slot * slot_bytes();
}

uint32_t settings_end(void) {
    return slot_at(2);
}

static bool have_flash(void) {
    struct hal_flash flash = hal_flash();
    return slot_at(2) <= flash.bytes && flash.program_bytes <= CHUNK_BYTES && flash.bytes > 0;
}

uint32_t settings_crc(uint32_t crc, const void *bytes, uint32_t n) {
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

static uint32_t crc_of_header(const struct settings_header *h) {
    return settings_crc(UINT32_MAX, h, offsetof(struct settings_header, crc));
}

// Reads a slot's header. False where the slot is not valid.
static bool check_slot(uint32_t slot, struct settings_header *h) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t at = slot_at(slot);
    if (hal_flash_read(at, h, sizeof *h) != 0 || h->magic != little(MAGIC) ||
        h->format != little(FORMAT) || little(h->bytes) > SETTINGS_TEXT_MAX)
        return false;
    uint32_t crc = crc_of_header(h), bytes = little(h->bytes);
    for (uint32_t done = 0; done < bytes; done += CHUNK_BYTES) {
        uint32_t n = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
        if (hal_flash_read(at + sizeof *h + done, chunk, n) != 0)
            return false;
        crc = settings_crc(crc, chunk, n);
    }
    return h->crc == little(~crc);
}

// The slot in force and its header, or NO_SLOT.
static uint32_t find(struct settings_header *h) {
    struct settings_header other;
    if (!have_flash())
        return NO_SLOT;
    bool first = check_slot(0, h);
    bool second = check_slot(1, &other);
    if (!second)
        return first ? 0 : NO_SLOT;
    if (first && (int32_t)(little(other.number) - little(h->number)) < 0)
        return 0;
    *h = other;
    return 1;
}

int32_t settings_read(char text[SETTINGS_TEXT_MAX]) {
    struct settings_header h;
    uint32_t slot = find(&h);
    if (slot == NO_SLOT)
        return HAL_ERR_IO;
    uint32_t bytes = little(h.bytes);
    int32_t answer = hal_flash_read(slot_at(slot) + sizeof h, text, bytes);
    return answer < 0 ? answer : (int32_t)bytes;
}

// The slot in force is erased last, and written never.
static void begin(struct settings_work *w, const char *text, uint32_t bytes) {
    struct settings_header h = {.number = UINT32_MAX};
    uint32_t slot = find(&h);
    w->phase = ERASE;
    w->slot = slot == 0 ? 1 : 0;
    w->last = text != NULL ? w->slot : 1 - w->slot;
    w->done = 0;
    w->text = text;
    w->bytes = bytes;
    w->header = (struct settings_header){.magic = little(MAGIC),
                                         .format = little(FORMAT),
                                         .number = little(little(h.number) + 1),
                                         .bytes = little(bytes)};
    memset(w->header.erased, 0xff, sizeof w->header.erased);
    w->header.crc = little(~settings_crc(crc_of_header(&w->header), text, bytes));
}

void settings_write(struct settings_work *w, const char *text, uint32_t bytes) {
    begin(w, text, bytes);
}

void settings_erase(struct settings_work *w) {
    begin(w, NULL, 0);
}

// ---- Steps --------------------------------------------------------------------------------------

// From a slot's begin, so that its header goes first.
static int32_t erase_sector(struct settings_work *w) {
    int32_t answer = hal_flash_erase(slot_at(w->slot) + w->done);
    w->done += hal_flash().sector_bytes;
    if (w->done >= slot_bytes()) {
        w->done = 0;
        w->phase = TEXT;
    }
    return answer;
}

// What follows may not outrun it: it is synced.
static int32_t program_text(struct settings_work *w) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t left = w->bytes - w->done;
    if (left == 0) {
        w->phase = w->text != NULL ? HEADER : w->slot == w->last ? SYNC : ERASE;
        w->slot = w->last;
        return hal_flash_sync();
    }
    uint32_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    uint32_t at = slot_at(w->slot) + SETTINGS_HEADER_BYTES + w->done;
    memset(chunk, 0xff, sizeof chunk);
    memcpy(chunk, w->text + w->done, n);
    w->done += n;
    return hal_flash_program(at, chunk, sizeof chunk);
}

static int32_t do_next(struct settings_work *w) {
    switch (w->phase) {
    case ERASE:
        return erase_sector(w);
    case TEXT:
        return program_text(w);
    case HEADER:
        w->phase = SYNC;
        return hal_flash_program(slot_at(w->slot), &w->header, sizeof w->header);
    case SYNC:
        w->phase = IDLE;
        return hal_flash_sync();
    default:
        return 0;
    }
}

int32_t settings_proceed(struct settings_work *w) {
    int32_t answer = have_flash() ? hal_flash_busy() : HAL_ERR_INVALID;
    while (answer == 0 && w->phase != IDLE)
        answer = do_next(w);
    if (answer < 0)
        w->phase = IDLE;
    return answer;
}

int32_t settings_finish(struct settings_work *w) {
    int32_t answer;
    do {
        answer = settings_proceed(w);
    } while (answer > 0);
    return answer;
}
