// Who this device is: its certificate with those between it and its authority, its private key, and
// the authority that its peers are known by. They are written into flash where the device is made
// (make provision), and only read here.
//
// They follow the slots of the configuration (boards/chip/settings.h), in IDENTITY_BYTES, or a
// sector where that is larger. Numbers are in little-endian order:
//
//      0   4  "MDGI"
//      4   4  format: 1
//      8   4  bytes of certificates
//     12   4  bytes of the key
//     16   4  bytes of authorities, 0 for none
//     20   4  CRC-32 (IEEE 802.3) of the bytes 0..19 and what follows the header
//     24   8  erased
//     32      certificates, key and authorities in DER, one behind another, then erased

#ifndef CHIP_IDENTITY_H
#define CHIP_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

// A board may say in its board.h how much flash it takes, and so much RAM while it is read; a power
// of two.
#ifndef IDENTITY_BYTES
#define IDENTITY_BYTES 4096
#endif
#define IDENTITY_HEADER_BYTES 32
#define IDENTITY_PARTS_MAX (IDENTITY_BYTES - IDENTITY_HEADER_BYTES)

enum { IDENTITY_CHAIN, IDENTITY_KEY, IDENTITY_AUTHORITIES, IDENTITY_PARTS };

struct identity {
    uint32_t bytes[IDENTITY_PARTS];
    uint8_t parts[IDENTITY_PARTS_MAX];  // in this order
};

#if MIDGE_TLS
// Reads it to be what a `tls {}` shows. NULL, or why it cannot be.
const char *identity_for(const struct midge_tls_options *tls, struct identity *identity);
#endif

// Writes it, in place of another. Waits for flash; false where that fails.
bool identity_write(const struct identity *identity);

// Where in flash it ends.
uint32_t identity_end(void);

// Leaves nothing of it in memory.
void identity_wipe(struct identity *identity);

#endif
