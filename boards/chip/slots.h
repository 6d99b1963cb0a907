// What a board keeps of its own in flash, such as its configuration: bytes in one of two slots, so
// that wherever power is cut, the old bytes or the new ones are there.
//
// What is new may be on trial: it runs from the next start on, and until slots_keep says that it
// has worked, the old is kept beside it. A trial has one start. Whatever ends that (the deadline of
// boards/chip/trial.h, a watchdog, power) without that word, the next start goes back to the old.
// What nothing is kept beside counts at once: there is nothing to go back to.
//
// The slots of a kind follow those of the kind before it, and the first kind's the two sectors of
// the seed (hal/hal.h). A slot has the bytes that its kind says, or a sector where that is larger.
// Its numbers are in little-endian order:
//
//      0   4  the kind's magic
//      4   4  format: 1 counts at once; 2 counts once it has worked
//      8   4  number of the writing; of two slots the one whose number is ahead, modulo 2^32, is
//             the newer
//     12   4  bytes of its content
//     16   4  CRC-32 (IEEE 802.3) of the bytes 0..15 and the content
//     20  12  erased
//     32      the content, then erased
//    -64  32  erased until a start has begun with it
//    -32  32  erased until it has worked
//
// The last two, counted from the end of the kind's bytes, are marks, which one bit that is clear
// makes: so a torn one is one. The slot that counts, or where it is damaged the other, is never
// written, and erased last. Where power is cut while the other is erased, what was there may
// be left whole without its marks: if it is the newer, it is on trial again.
//
// Nobody checks here what the content says.

#ifndef CHIP_SLOTS_H
#define CHIP_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#define SLOTS_HEADER_BYTES 32
#define SLOTS_MARK_BYTES 32

// What a slot has room for.
#define SLOTS_ROOM(bytes) ((bytes)-SLOTS_HEADER_BYTES - 2 * SLOTS_MARK_BYTES)

// A kind.
struct slots {
    uint32_t magic;
    uint32_t bytes;              // a power of two, 512 or more
    const struct slots *before;  // the kind before it, or NULL
};

// Where in flash they end.
uint32_t slots_end(const struct slots *s);

// Goes on with a CRC-32 (IEEE 802.3), which begins as UINT32_MAX and is inverted at its end.
uint32_t slots_crc(uint32_t crc, const void *bytes, uint32_t n);

// ---- At a start ---------------------------------------------------------------------------------

enum slots_state {
    SLOTS_EMPTY,     // there is nothing
    SLOTS_KEPT,      // what counts
    SLOTS_ON_TRIAL,  // what is new, for the first time
    SLOTS_BACK,      // what counts, since the new had its start and did not work
};

// Says what this start is to run with, and marks the begin of a trial. Waits for flash. Asked again
// after SLOTS_ON_TRIAL it answers SLOTS_BACK, for whoever has seen that the new is of no use.
enum slots_state slots_start(const struct slots *s);

// Reads what that was, up to `max` bytes. Answers the length, or an enum hal_err.
int32_t slots_read(const struct slots *s, enum slots_state state, void *to, uint32_t max);

// What is on trial in this start has worked: it counts from now on. Waits for flash; 0 or an enum
// hal_err.
int32_t slots_keep(const struct slots *s);

// ---- Writing ------------------------------------------------------------------------------------

struct slots_header {
    uint32_t magic, format, number, bytes, crc;
    uint8_t erased[12];
};

// A content that is being written, or an erasure, and where it has come to: 60 B of RAM of whoever
// keeps it. All zeros: nothing is under way.
struct slots_work {
    const struct slots *slots;
    uint8_t phase;
    uint32_t slot;
    uint32_t done;        // bytes of it
    uint32_t last;        // the slot that is erased last
    const void *content;  // NULL: there is none to write
    uint32_t bytes;       // of it
    struct slots_header header;
};

// Each begins, and must not be called during a trial of that kind, whose place it would take: to
// write up to SLOTS_ROOM bytes, which must stay as they are until that is done, and which count at
// once; to write them on trial, which is answered, or to count at once where there is nothing else;
// to erase both slots.
void slots_write(struct slots_work *w, const struct slots *s, const void *content, uint32_t bytes);
bool slots_try(struct slots_work *w, const struct slots *s, const void *content, uint32_t bytes);
void slots_erase(struct slots_work *w, const struct slots *s);

// Goes on with what was begun until flash is busy. Answers 1 then; 0 once all is done; or an enum
// hal_err, which ends it. What was not written whole is not there.
int32_t slots_proceed(struct slots_work *w);

// The same, to the end: 0 or an enum hal_err.
int32_t slots_finish(struct slots_work *w);

#endif
