// make BOARD=x provision CERT=c KEY=k CA=a SEED=s CREDS=d: makes what a device is known by of a
// certificate with those between, a private key and authorities, in PEM or DER, of an NKey's seed
// and of credentials, and writes it into the board's flash, where it counts at once, with a fresh
// seed of the entropy. What is not given stays as it was. Runs on the machine that builds, as
// config.c does.
//
// usage: provision CERT=FILE KEY=FILE ... <>FLASH

#include <string.h>
#include <unistd.h>

#include "boards/chip/host/host.h"
#include "boards/chip/identity.h"
#include "broker/broker.h"
#include "hal/hal.h"

static struct identity identity;
static char text[65536];

// What a file comes to.
static uint8_t made[IDENTITY_PARTS_MAX];
static uint32_t made_bytes;

static const char no_room[] = "there is no room for it: IDENTITY_BYTES";

static bool add(uint8_t byte) {
    if (made_bytes == sizeof made)
        return false;
    made[made_bytes++] = byte;
    return true;
}

// ---- PEM ----------------------------------------------------------------------------------------

// Decodes base64 up to a dash.
static bool add_base64(const char *p) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0, n = 0;
    for (; *p != '-' && *p != '\0'; p++) {
        const char *digit = strchr(digits, *p);
        if (digit == NULL)
            continue;
        bits = bits << 6 | (uint32_t)(digit - digits);
        n += 6;
        if (n >= 8 && !add((uint8_t)(bits >> (n -= 8))))
            return false;
    }
    return true;
}

// Every block whose label ends so: "EC PARAMETERS" before a key is passed over. Answers how many,
// or -1 for want of room.
static int add_blocks(const char *label) {
    static const char begin[] = "-----BEGIN ";
    int count = 0;
    for (const char *p = text; (p = strstr(p, begin)) != NULL;) {
        const char *name = p + strlen(begin);
        const char *end = strstr(name, "-----");
        if (end == NULL)
            break;
        p = end + 5;
        size_t n = strlen(label);
        if ((size_t)(end - name) < n || strncmp(end - n, label, n) != 0)
            continue;
        if (!add_base64(p))
            return -1;
        count++;
    }
    return count;
}

// ---- Parts --------------------------------------------------------------------------------------

static const char *make_der(const char *label, int32_t n) {
    if (text[0] == 0x30) {  // DER
        for (int32_t i = 0; i < n; i++) {
            if (!add((uint8_t)text[i]))
                return no_room;
        }
        return NULL;
    }
    int count = add_blocks(label);
    return count < 0 ? no_room : count == 0 ? "there is none in it" : NULL;
}

static const char *make_certificates(int32_t n) {
    return make_der("CERTIFICATE", n);
}

static const char *make_key(int32_t n) {
    return make_der("PRIVATE KEY", n);
}

#if MIDGE_NKEYS
#define SEED_TEXT_BYTES 58

static bool has_jwt(void) {
    return strncmp(text, "eyJ", 3) == 0 || strstr(text, "\neyJ") != NULL;
}

// Why the text holds no seed of a user.
static const char *why_no_seed(void) {
    const char *line = text;
    while (line != NULL && *line != 'S')
        line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL;
    if (line == NULL)
        return "expected a user's seed, a line that begins with SU";
    if (line[1] != 'U')
        return "has a seed of another kind: expected a user's, which begins with SU";
    if (strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != SEED_TEXT_BYTES)
        return "has no whole seed: expected 58 characters, of A to Z and 2 to 7";
    return "has a seed whose CRC is wrong: expected it as it was once written, each character";
}

static const char *make_seed(int32_t n) {
    if (has_jwt())
        return "has a JWT: expected a seed alone, or CREDS= to take both";
    made_bytes = IDENTITY_SEED_BYTES;
    return midge_read_seed(text, (uint32_t)n, made) ? NULL : why_no_seed();
}

static const char *make_creds(int32_t n) {
    if (!has_jwt())
        return "expected a JWT and a seed, as a .creds file has them, or SEED= to take a seed "
               "alone";
    if (!midge_read_seed(text, (uint32_t)n, made))
        return why_no_seed();
    for (int32_t i = 0; i < n; i++) {
        if (!add((uint8_t)text[i]))
            return no_room;
    }
    return NULL;
}
#else
static const char *make_seed(int32_t n) {
    (void)n;
    return "this board has no NKeys: MIDGE_NKEYS";
}

#define make_creds make_seed
#endif

static const struct {
    const char *name;
    const char *(*make)(int32_t n);  // of n bytes of text; NULL, or what is wrong
} parts[IDENTITY_PARTS] = {
    [IDENTITY_CHAIN] = {"CERT=", make_certificates},     [IDENTITY_KEY] = {"KEY=", make_key},
    [IDENTITY_AUTHORITIES] = {"CA=", make_certificates}, [IDENTITY_SEED] = {"SEED=", make_seed},
    [IDENTITY_CREDS] = {"CREDS=", make_creds},
};

// NULL, or what is wrong.
static const char *put_part(uint32_t part, const char *name) {
    int32_t n = host_read(name, text, sizeof text);
    if (n < 0)
        return "cannot be read";
    if (n == sizeof text)
        return no_room;
    made_bytes = 0;
    const char *wrong = parts[part].make(n);
    if (wrong == NULL && !identity_put(&identity, part, made, made_bytes))
        wrong = no_room;
    hal_wipe(text, sizeof text);
    hal_wipe(made, sizeof made);
    return wrong;
}

static uint32_t part_of(const char *argument) {
    uint32_t part = 0;
    while (part < IDENTITY_PARTS &&
           strncmp(argument, parts[part].name, strlen(parts[part].name)) != 0)
        part++;
    return part;
}

// ---- Writing ------------------------------------------------------------------------------------

static bool write_all(void) {
    uint8_t seed[HAL_SEED_BYTES];
    struct slots_work work;
    slots_write(&work, &identity_slots, &identity, identity_bytes(&identity));
    bool good =
        slots_finish(&work) == 0 && getentropy(seed, sizeof seed) == 0 && hal_entropy_seed(seed);
    hal_wipe(seed, sizeof seed);
    return good;
}

int main(int argc, char **argv) {
    identity_read(&identity);
    for (int i = 1; i < argc; i++) {
        uint32_t part = part_of(argv[i]);
        if (part == IDENTITY_PARTS)
            return host_fail(argv[i], "make BOARD=x provision CERT=c KEY=k CA=a SEED=s CREDS=d");
        const char *name = argv[i] + strlen(parts[part].name);
        const char *wrong = put_part(part, name);
        if (wrong != NULL)
            return host_fail(name, wrong);
    }
    if ((identity.bytes[IDENTITY_CHAIN] > 0) != (identity.bytes[IDENTITY_KEY] > 0))
        return host_fail("usage", "CERT= and KEY= belong together");
    bool good = write_all();
    identity_wipe(&identity);
    return good ? 0 : host_fail("flash", "cannot be written");
}
