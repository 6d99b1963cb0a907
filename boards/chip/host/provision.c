// make BOARD=x provision CERT=c KEY=k CA=a: makes of a certificate with those between, a private
// key and authorities, in PEM or DER, what a device is known by, and writes it into the board's
// flash, with a fresh seed. Runs on the machine that builds, as config.c does.
//
// usage: provision CERT KEY [CA] <>FLASH

#include <string.h>
#include <unistd.h>

#include "boards/chip/host/host.h"
#include "boards/chip/identity.h"
#include "broker/broker.h"
#include "hal/hal.h"

static struct identity identity;
static char text[65536];

// ---- PEM ----------------------------------------------------------------------------------------

static uint32_t used;  // bytes of all parts

static bool add(uint32_t part, uint8_t byte) {
    if (used == IDENTITY_PARTS_MAX)
        return false;
    identity.parts[used++] = byte;
    identity.bytes[part]++;
    return true;
}

// Decodes base64 up to a dash.
static bool add_base64(uint32_t part, const char *p) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0, n = 0;
    for (; *p != '-' && *p != '\0'; p++) {
        const char *digit = strchr(digits, *p);
        if (digit == NULL)
            continue;
        bits = bits << 6 | (uint32_t)(digit - digits);
        n += 6;
        if (n >= 8 && !add(part, (uint8_t)(bits >> (n -= 8))))
            return false;
    }
    return true;
}

// Every block whose label ends so: "EC PARAMETERS" before a key is passed over. Answers how many,
// or -1 for want of room.
static int add_blocks(uint32_t part, const char *label) {
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
        if (!add_base64(part, p))
            return -1;
        count++;
    }
    return count;
}

// NULL, or what is wrong.
static const char *add_part(uint32_t part, const char *name, const char *label) {
    static const char no_room[] = "there is no room for it: IDENTITY_BYTES";
    int32_t n = host_read(name, text, sizeof text);
    if (n < 0)
        return "cannot be read";
    if (n == sizeof text)
        return no_room;
    if (text[0] == 0x30) {  // DER
        for (int32_t i = 0; i < n; i++) {
            if (!add(part, (uint8_t)text[i]))
                return no_room;
        }
        return NULL;
    }
    int count = add_blocks(part, label);
    return count < 0 ? no_room : count == 0 ? "there is none in it" : NULL;
}

// ---- Writing ------------------------------------------------------------------------------------

int main(int argc, char **argv) {
    static const char *const labels[] = {"CERTIFICATE", "PRIVATE KEY", "CERTIFICATE"};
    uint8_t seed[HAL_SEED_BYTES];
    if (argc < 3 || argc > 4)
        return host_fail("usage", "make BOARD=x provision CERT=c KEY=k CA=a");
    for (int i = 1; i < argc; i++) {
        const char *wrong = add_part((uint32_t)i - 1, argv[i], labels[i - 1]);
        if (wrong != NULL)
            return host_fail(argv[i], wrong);
    }
    if (!identity_write(&identity) || getentropy(seed, sizeof seed) != 0 || !hal_entropy_seed(seed))
        return host_fail("flash", "cannot be written");
    identity_wipe(&identity);
    return 0;
}
