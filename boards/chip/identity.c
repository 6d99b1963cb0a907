#include "boards/chip/identity.h"

#include <stddef.h>
#include <string.h>

#include "boards/chip/settings.h"
#include "hal/hal.h"

_Static_assert(IDENTITY_BYTES >= 1024 && (IDENTITY_BYTES & (IDENTITY_BYTES - 1)) == 0,
               "IDENTITY_BYTES: 1,024 or more, a power of two");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they lie");

const struct slots identity_slots = {
    .magic = 0x4447444Du, .bytes = IDENTITY_BYTES, .before = &settings_slots};  // "MDGD"

static enum slots_state state = SLOTS_KEPT;

enum slots_state identity_start(void) {
    state = slots_start(&identity_slots);
    return state;
}

// ---- Parts --------------------------------------------------------------------------------------

// The bytes of the parts before one, or more than there can be.
static uint32_t sum_before(const struct identity *identity, uint32_t part) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < part; i++) {
        if (identity->bytes[i] > IDENTITY_PARTS_MAX - sum)
            return UINT32_MAX;
        sum += identity->bytes[i];
    }
    return sum;
}

uint32_t identity_bytes(const struct identity *identity) {
    return (uint32_t)offsetof(struct identity, parts) + sum_before(identity, IDENTITY_PARTS);
}

const uint8_t *identity_part(const struct identity *identity, uint32_t part) {
    return identity->parts + sum_before(identity, part);
}

bool identity_put(struct identity *identity, uint32_t part, const void *bytes, uint32_t n) {
    uint32_t at = sum_before(identity, part), all = sum_before(identity, IDENTITY_PARTS);
    uint32_t was = identity->bytes[part];
    if (n > IDENTITY_PARTS_MAX - (all - was))
        return false;
    memmove(identity->parts + at + n, identity->parts + at + was, all - at - was);
    memcpy(identity->parts + at, bytes, n);
    identity->bytes[part] = n;
    return true;
}

// ---- Reading ------------------------------------------------------------------------------------

bool identity_read(struct identity *identity) {
    uint32_t n = (uint32_t)offsetof(struct identity, parts);
    int32_t answer = slots_read(&identity_slots, state, identity, sizeof *identity);
    if (answer >= (int32_t)n && answer == (int32_t)identity_bytes(identity))
        return true;
    identity_wipe(identity);
    return false;
}

void identity_wipe(struct identity *identity) {
    hal_wipe(identity, sizeof *identity);
}

#if MIDGE_TLS
// Whether flash holds one as it was before there were slots.
static bool is_old(void) {
    char magic[4];
    uint32_t at = slots_end(&settings_slots);
    return hal_flash_read(at, magic, sizeof magic) == 0 && memcmp(magic, "MDGI", 4) == 0;
}

const char *identity_for(const struct midge_tls_options *tls, struct identity *identity) {
    if (tls->cert_file != 0 || tls->key_file != 0 || tls->ca_file != 0)
        return "a chip has no files: make provision writes certificates into its flash";
    if (!identity_read(identity) && is_old())
        return "the certificate in flash is of an older format: make provision writes it anew";
    if (identity->bytes[IDENTITY_CHAIN] == 0)
        return "no certificate in flash: make provision writes it";
    if (tls->verify && identity->bytes[IDENTITY_AUTHORITIES] == 0)
        return "verify wants an authority: make provision CA=...";
    return NULL;
}
#endif
