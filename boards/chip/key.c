#include "boards/chip/key.h"

#include <string.h>

#include "boards/chip/console.h"
#include "boards/chip/identity.h"
#include "hal/hal.h"
#include "port/port.h"

#if MIDGE_NKEYS

#define TEXT_BYTES 57  // of a public key, its NUL included

static struct identity identity;

// The public half of what a seed makes.
static void write_public(const uint8_t seed[IDENTITY_SEED_BYTES], char text[TEXT_BYTES]) {
    uint8_t signature[64], key[32];
    port_sign(seed, "", 0, signature, key);
    midge_write_nkey(key, text);
}

bool key_make(struct slots_work *work, bool anew, const char **what) {
    static char said[128];
    static const char begin[] = "It goes by ", later[] = " from the next reset on, on trial";
    uint8_t seed[IDENTITY_SEED_BYTES];
    identity_read(&identity);
    bool another = identity.bytes[IDENTITY_SEED] != 0;
    *what = another && !anew                  ? "It has one: nkey make new takes its place"
            : !hal_entropy(seed, sizeof seed) ? "No entropy to be had: no key is made"
            : !identity_put(&identity, IDENTITY_SEED, seed, sizeof seed) ? "There is no room for it"
                                                                         : NULL;
    if (*what != NULL) {
        hal_wipe(seed, sizeof seed);
        key_forget();
        return false;
    }
    memcpy(said, begin, sizeof begin);
    write_public(seed, said + strlen(said));
    hal_wipe(seed, sizeof seed);
    uint32_t bytes = identity_bytes(&identity);
    if (!another)
        slots_write(work, &identity_slots, &identity, bytes);
    else if (slots_try(work, &identity_slots, &identity, bytes))
        memcpy(said + strlen(said), later, sizeof later);
    *what = said;
    return true;
}

void key_forget(void) {
    identity_wipe(&identity);
}

static void tell(const char *what, const uint8_t seed[IDENTITY_SEED_BYTES]) {
    char text[TEXT_BYTES];
    write_public(seed, text);
    console_begin(MIDGE_INF);
    console_text(what);
    console_text(text);
    console_end();
}

void key_tell(void) {
    uint8_t seed[IDENTITY_SEED_BYTES];
    identity_read(&identity);
    const uint32_t *bytes = identity.bytes;
    const char *creds = (const char *)identity_part(&identity, IDENTITY_CREDS);
    if (bytes[IDENTITY_SEED] == IDENTITY_SEED_BYTES)
        tell("NKey: ", identity_part(&identity, IDENTITY_SEED));
    if (bytes[IDENTITY_CREDS] > 0 && midge_read_seed(creds, bytes[IDENTITY_CREDS], seed))
        tell("Credentials: ", seed);
    if (bytes[IDENTITY_SEED] + bytes[IDENTITY_CREDS] == 0)
        console_say(MIDGE_INF, "It has no NKey: nkey make makes one");
    hal_wipe(seed, sizeof seed);
    key_forget();
}

#endif
