// The configuration text that was written into flash, in one of two slots: the one that is being
// written never holds the text in force, so wherever power is cut, the old text or the new one is
// there.
//
// The slots follow the two sectors of the seed (hal/hal.h), and have SETTINGS_SLOT_BYTES each, or a
// sector where that is larger. A slot, its numbers in little-endian order:
//
//      0   4  "MDGC"
//      4   4  format: 1
//      8   4  number of the writing; of two valid slots the one whose number is ahead, modulo 2^32,
//             is in force
//     12   4  bytes of text
//     16   4  CRC-32 (IEEE 802.3) of the bytes 0..15 and the text
//     20  12  erased
//     32      the text, then erased
//
// Nobody checks here what the text says.

#ifndef CHIP_SETTINGS_H
#define CHIP_SETTINGS_H

#include <stdint.h>

// A board may say in its board.h how much flash a slot takes; a power of two.
#ifndef SETTINGS_SLOT_BYTES
#define SETTINGS_SLOT_BYTES 4096
#endif
#define SETTINGS_HEADER_BYTES 32
#define SETTINGS_TEXT_MAX (SETTINGS_SLOT_BYTES - SETTINGS_HEADER_BYTES)

// Where in flash they end.
uint32_t settings_end(void);

// Goes on with a CRC-32, which begins as UINT32_MAX and is inverted at its end.
uint32_t settings_crc(uint32_t crc, const void *bytes, uint32_t n);

// Reads the text in force, and answers its length, or an enum hal_err where no slot is valid.
int32_t settings_read(char text[SETTINGS_TEXT_MAX]);

struct settings_header {
    uint32_t magic, format, number, bytes, crc;
    uint8_t erased[12];
};

// A text that is being written, or an erasure, and where it has come to: 56 B of RAM of whoever
// keeps it. All zeros: nothing is under way.
struct settings_work {
    uint8_t phase;
    uint32_t slot;
    uint32_t done;     // bytes of it
    uint32_t last;     // the slot that is erased last
    const char *text;  // NULL: there is none to write
    uint32_t bytes;    // of it
    struct settings_header header;
};

// Begins to write a text of up to SETTINGS_TEXT_MAX bytes, which must stay as it is until that is
// done; or to erase both slots.
void settings_write(struct settings_work *w, const char *text, uint32_t bytes);
void settings_erase(struct settings_work *w);

// Goes on with what was begun until flash is busy. Answers 1 then; 0 once all is done; or an enum
// hal_err, which ends it. A text that was not written whole is not there.
int32_t settings_proceed(struct settings_work *w);

// The same, to the end: 0 or an enum hal_err.
int32_t settings_finish(struct settings_work *w);

#endif
