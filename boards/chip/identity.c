#include "boards/chip/identity.h"

#include <stddef.h>
#include <string.h>

#include "boards/chip/settings.h"
#include "hal/hal.h"

_Static_assert(IDENTITY_BYTES >= 1024 && (IDENTITY_BYTES & (IDENTITY_BYTES - 1)) == 0,
               "IDENTITY_BYTES: 1,024 or more, a power of two");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are copied as they lie");

#define MAGIC 0x4947444Du  // "MDGI"
#define LAYOUT 1

struct header {
    uint32_t magic, format;
    uint32_t bytes[IDENTITY_PARTS];
    uint32_t crc;
    uint8_t erased[8];
};

_Static_assert(sizeof(struct header) == IDENTITY_HEADER_BYTES, "as identity.h has it");

// The bytes of all parts, or more than there can be.
static uint32_t sum_of(const uint32_t bytes[IDENTITY_PARTS]) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < IDENTITY_PARTS; i++) {
        if (bytes[i] > IDENTITY_PARTS_MAX - sum)
            return UINT32_MAX;
        sum += bytes[i];
    }
    return sum;
}

static uint32_t crc_of(const struct header *h, const uint8_t *parts, uint32_t n) {
    uint32_t crc = settings_crc(UINT32_MAX, h, offsetof(struct header, crc));
    return ~settings_crc(crc, parts, n);
}

#if MIDGE_TLS
// False where there is none, or not a whole one.
static bool read(struct identity *identity) {
    struct header h;
    uint32_t at = settings_end();
    if (hal_flash_read(at, &h, sizeof h) != 0 || h.magic != MAGIC || h.format != LAYOUT)
        return false;
    uint32_t n = sum_of(h.bytes);
    if (n > IDENTITY_PARTS_MAX || hal_flash_read(at + sizeof h, identity->parts, n) != 0 ||
        h.crc != crc_of(&h, identity->parts, n))
        return false;
    memcpy(identity->bytes, h.bytes, sizeof h.bytes);
    return true;
}

const char *identity_for(const struct midge_tls_options *tls, struct identity *identity) {
    if (tls->cert_file != 0 || tls->key_file != 0 || tls->ca_file != 0)
        return "a chip has no files: make provision writes certificates into its flash";
    if (!read(identity))
        return "no certificate in flash: make provision writes it";
    if (tls->verify && identity->bytes[IDENTITY_AUTHORITIES] == 0)
        return "verify wants an authority: make provision CA=...";
    return NULL;
}
#endif

static bool is_done(int32_t answer) {
    while (answer > 0)
        answer = hal_flash_busy();
    return answer == 0;
}

static bool erase(uint32_t at) {
    uint32_t sector_bytes = hal_flash().sector_bytes;
    bool good = true;
    for (uint32_t done = 0; good && done < IDENTITY_BYTES; done += sector_bytes)
        good = is_done(hal_flash_erase(at + done));
    return good;
}

bool identity_write(const struct identity *identity) {
    uint8_t chunk[IDENTITY_HEADER_BYTES];
    uint32_t at = settings_end(), n = sum_of(identity->bytes);
    struct header h = {.magic = MAGIC, .format = LAYOUT};
    if (n > IDENTITY_PARTS_MAX || !erase(at))
        return false;
    memcpy(h.bytes, identity->bytes, sizeof h.bytes);
    memset(h.erased, 0xff, sizeof h.erased);
    h.crc = crc_of(&h, identity->parts, n);
    for (uint32_t done = 0; done < n; done += sizeof chunk) {
        uint32_t part = n - done < sizeof chunk ? n - done : (uint32_t)sizeof chunk;
        memset(chunk, 0xff, sizeof chunk);
        memcpy(chunk, identity->parts + done, part);
        if (!is_done(hal_flash_program(at + (uint32_t)sizeof h + done, chunk, sizeof chunk)))
            return false;
    }
    return is_done(hal_flash_program(at, &h, sizeof h)) && is_done(hal_flash_sync());
}

uint32_t identity_end(void) {
    uint32_t sector_bytes = hal_flash().sector_bytes;
    return settings_end() + (sector_bytes > IDENTITY_BYTES ? sector_bytes : IDENTITY_BYTES);
}

void identity_wipe(struct identity *identity) {
    volatile uint8_t *bytes = (volatile uint8_t *)identity;
    for (uint32_t i = 0; i < sizeof *identity; i++)
        bytes[i] = 0;
}
