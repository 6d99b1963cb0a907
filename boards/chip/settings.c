#include "boards/chip/settings.h"

#include <stddef.h>
#include <string.h>

#include "hal/hal.h"

_Static_assert(SETTINGS_SLOT_BYTES >= 512 &&
                   (SETTINGS_SLOT_BYTES & (SETTINGS_SLOT_BYTES - 1)) == 0,
               "SETTINGS_SLOT_BYTES: 512 or more, a power of two");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are copied as they lie");

#define MAGIC 0x4347444Du  // "MDGC"
#define FORMAT 1

// What is programmed or read at once: whole units of programming, as a header is.
#define CHUNK_BYTES SETTINGS_HEADER_BYTES

struct header {
    uint32_t magic, format, number, bytes, crc;
    uint8_t erased[12];
};

_Static_assert(sizeof(struct header) == SETTINGS_HEADER_BYTES, "as settings.h has it");

// What is under way, and where it has come to.
static struct {
    enum { IDLE, ERASE, TEXT, HEADER, SYNC } phase;
    uint32_t slot;
    uint32_t done;     // bytes of it
    uint32_t last;     // the slot that is erased last
    const char *text;  // NULL: there is none to write
    struct header header;
} work;

#define NO_SLOT UINT32_MAX

static uint32_t slot_bytes(void) {
    uint32_t sector_bytes = hal_flash().sector_bytes;
    return sector_bytes > SETTINGS_SLOT_BYTES ? sector_bytes : SETTINGS_SLOT_BYTES;
}

static uint32_t slot_at(uint32_t slot) {
    return 2 * hal_flash().sector_bytes + slot * slot_bytes();
}

static bool have_flash(void) {
    struct hal_flash flash = hal_flash();
    return slot_at(2) <= flash.bytes && flash.program_bytes <= CHUNK_BYTES && flash.bytes > 0;
}

static uint32_t crc32(uint32_t crc, const void *bytes, uint32_t n) {
    const uint8_t *b = bytes;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= b[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return crc;
}

static uint32_t crc_of_header(const struct header *h) {
    return crc32(UINT32_MAX, h, offsetof(struct header, crc));
}

// Reads a slot's header. False where the slot is not valid.
static bool check_slot(uint32_t slot, struct header *h) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t at = slot_at(slot);
    if (hal_flash_read(at, h, sizeof *h) != 0 || h->magic != MAGIC || h->format != FORMAT ||
        h->bytes > SETTINGS_TEXT_MAX)
        return false;
    uint32_t crc = crc_of_header(h);
    for (uint32_t done = 0; done < h->bytes; done += CHUNK_BYTES) {
        uint32_t n = h->bytes - done < CHUNK_BYTES ? h->bytes - done : CHUNK_BYTES;
        if (hal_flash_read(at + sizeof *h + done, chunk, n) != 0)
            return false;
        crc = crc32(crc, chunk, n);
    }
    return h->crc == ~crc;
}

// The slot in force and its header, or NO_SLOT.
static uint32_t find(struct header *h) {
    struct header other;
    if (!have_flash())
        return NO_SLOT;
    bool first = check_slot(0, h);
    bool second = check_slot(1, &other);
    if (!second)
        return first ? 0 : NO_SLOT;
    if (first && (int32_t)(other.number - h->number) < 0)
        return 0;
    *h = other;
    return 1;
}

int32_t settings_read(char text[SETTINGS_TEXT_MAX]) {
    struct header h;
    uint32_t slot = find(&h);
    if (slot == NO_SLOT)
        return HAL_ERR_IO;
    int32_t answer = hal_flash_read(slot_at(slot) + sizeof h, text, h.bytes);
    return answer < 0 ? answer : (int32_t)h.bytes;
}

// The slot in force is erased last, and written never.
static void begin(const char *text, uint32_t bytes) {
    struct header h = {.number = UINT32_MAX};
    uint32_t slot = find(&h);
    work.phase = ERASE;
    work.slot = slot == 0 ? 1 : 0;
    work.last = text != NULL ? work.slot : 1 - work.slot;
    work.done = 0;
    work.text = text;
    work.header = (struct header){MAGIC, FORMAT, h.number + 1, bytes, 0, {0}};
    memset(work.header.erased, 0xff, sizeof work.header.erased);
    work.header.crc = ~crc32(crc_of_header(&work.header), text, bytes);
}

void settings_write(const char *text, uint32_t bytes) {
    begin(text, bytes);
}

void settings_erase(void) {
    begin(NULL, 0);
}

// ---- Steps --------------------------------------------------------------------------------------

// From a slot's begin, so that its header goes first.
static int32_t erase_sector(void) {
    int32_t answer = hal_flash_erase(slot_at(work.slot) + work.done);
    work.done += hal_flash().sector_bytes;
    if (work.done >= slot_bytes()) {
        work.done = 0;
        work.phase = TEXT;
    }
    return answer;
}

// What follows may not outrun it: it is synced.
static int32_t program_text(void) {
    uint8_t chunk[CHUNK_BYTES];
    uint32_t left = work.header.bytes - work.done;
    if (left == 0) {
        work.phase = work.text != NULL ? HEADER : work.slot == work.last ? SYNC : ERASE;
        work.slot = work.last;
        return hal_flash_sync();
    }
    uint32_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    uint32_t at = slot_at(work.slot) + SETTINGS_HEADER_BYTES + work.done;
    memset(chunk, 0xff, sizeof chunk);
    memcpy(chunk, work.text + work.done, n);
    work.done += n;
    return hal_flash_program(at, chunk, sizeof chunk);
}

static int32_t do_next(void) {
    switch (work.phase) {
    case ERASE:
        return erase_sector();
    case TEXT:
        return program_text();
    case HEADER:
        work.phase = SYNC;
        return hal_flash_program(slot_at(work.slot), &work.header, sizeof work.header);
    case SYNC:
        work.phase = IDLE;
        return hal_flash_sync();
    default:
        return 0;
    }
}

int32_t settings_proceed(void) {
    int32_t answer = have_flash() ? hal_flash_busy() : HAL_ERR_INVALID;
    while (answer == 0 && work.phase != IDLE)
        answer = do_next();
    if (answer < 0)
        work.phase = IDLE;
    return answer;
}

int32_t settings_finish(void) {
    int32_t answer;
    do {
        answer = settings_proceed();
    } while (answer > 0);
    return answer;
}
