// Who this device is: its certificate with those between it and its authority, its private key, the
// authority that its peers are known by; and what it goes by where it connects to another: its
// NKey's seed, or credentials. They are written into flash where the device is made (make
// provision), and read here; an NKey it can make itself (boards/chip/key.h).
//
// They lie in two slots (boards/chip/slots.h) behind those of the configuration. The content, its
// numbers in little-endian order:
//
//      0  20  bytes of each part, 0 for none
//     20      the parts, one behind another: certificates, key and authorities in DER; the seed's
//             32 bytes; credentials as a `.creds` file has them

#ifndef CHIP_IDENTITY_H
#define CHIP_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "boards/chip/slots.h"
#include "broker/broker.h"

// A board may say in its board.h how much flash a slot takes, and so much RAM while it is read; a
// power of two.
#ifndef IDENTITY_BYTES
#define IDENTITY_BYTES 4096
#endif

enum {
    IDENTITY_CHAIN,
    IDENTITY_KEY,
    IDENTITY_AUTHORITIES,
    IDENTITY_SEED,
    IDENTITY_CREDS,
    IDENTITY_PARTS
};

#define IDENTITY_PARTS_MAX (SLOTS_ROOM(IDENTITY_BYTES) - 4 * IDENTITY_PARTS)
#define IDENTITY_SEED_BYTES 32

struct identity {
    uint32_t bytes[IDENTITY_PARTS];
    uint8_t parts[IDENTITY_PARTS_MAX];  // in this order
};

extern const struct slots identity_slots;

// Says which this start is to go by (slots_start).
enum slots_state identity_start(void);

// Reads it. False, and it has no parts, where there is none; whoever had it read wipes it.
bool identity_read(struct identity *identity);
void identity_wipe(struct identity *identity);

// Where a part lies in it.
const uint8_t *identity_part(const struct identity *identity, uint32_t part);

// Puts n bytes in the place of a part. False where there is no room for them.
bool identity_put(struct identity *identity, uint32_t part, const void *bytes, uint32_t n);

// How much of it is to be written.
uint32_t identity_bytes(const struct identity *identity);

#if MIDGE_TLS
// Reads it to be what a `tls {}` shows. NULL, or why it cannot be.
const char *identity_for(const struct midge_tls_options *tls, struct identity *identity);
#endif

#endif
