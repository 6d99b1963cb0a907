#include "sim/live/wire.h"

#include <string.h>

#include "hal/posix.h"
#include "sim/live/fault.h"
#include "sim/live/now.h"
#include "sim/live/terminal.h"

#define FRAMES_MAX 2048
#define QUEUE_US 500000  // what would wait longer where the bandwidth is bounded is lost
#define LATE_US_MIN 1000
#define LATE_US_MAX 20000

// Frames on their way, those of each way in the order of their arrival. Index 0 is none.
static struct frame {
    uint64_t due_us;
    uint16_t next;
    uint16_t n;
    uint8_t bytes[POSIX_FRAME_BYTES];
} frames[FRAMES_MAX];

static uint16_t unused, fresh = 1, taken;

static struct {
    uint16_t first, last;
    uint64_t free_us;  // when the line can take another frame
    uint64_t due_us;   // of the last that came in order
    uint64_t number;   // of frames
} lines[WAYS];

static struct wire_count count;
bool wire_traced;

struct wire_count wire_count(void) {
    return count;
}

static void tell(enum way way, const char *what) {
    if (wire_traced)
        terminal_say("frame %llu %s the board: %s", (unsigned long long)lines[way].number,
                     way == TO_BOARD ? "to" : "from", what);
}

// ---- Queues -------------------------------------------------------------------------------------

static uint16_t take_slot(void) {
    uint16_t i = unused;
    if (i != 0)
        unused = frames[i].next;
    else if (fresh < FRAMES_MAX)
        i = fresh++;
    return i;
}

static void give_slot(uint16_t i) {
    frames[i].next = unused;
    unused = i;
}

static void insert(enum way way, uint64_t due_us, const uint8_t *bytes, uint32_t n) {
    uint16_t i = take_slot();
    if (i == 0) {
        count.lost++;
        return;
    }
    frames[i].due_us = due_us;
    frames[i].n = (uint16_t)n;
    memcpy(frames[i].bytes, bytes, n);
    uint16_t before = lines[way].last;
    if (before != 0 && frames[before].due_us > due_us) {
        before = 0;
        for (uint16_t j = lines[way].first; frames[j].due_us <= due_us; j = frames[j].next)
            before = j;
    }
    uint16_t *link = before != 0 ? &frames[before].next : &lines[way].first;
    frames[i].next = *link;
    *link = i;
    if (frames[i].next == 0)
        lines[way].last = i;
}

static enum way next_way(void) {
    uint16_t there = lines[TO_BOARD].first;
    uint16_t back = lines[FROM_BOARD].first;
    if (there == 0 || back == 0)
        return there != 0 ? TO_BOARD : FROM_BOARD;
    return frames[there].due_us <= frames[back].due_us ? TO_BOARD : FROM_BOARD;
}

uint64_t wire_due_us(void) {
    uint16_t i = lines[next_way()].first;
    return i != 0 ? frames[i].due_us : NEVER;
}

bool wire_arrives(enum way *way, const uint8_t **bytes, uint32_t *n) {
    if (taken != 0)
        give_slot(taken);
    taken = 0;
    if (wire_due_us() > now_us)
        return false;
    *way = next_way();
    taken = lines[*way].first;
    lines[*way].first = frames[taken].next;
    if (lines[*way].first == 0)
        lines[*way].last = 0;
    *bytes = frames[taken].bytes;
    *n = frames[taken].n;
    return true;
}

// ---- Fates --------------------------------------------------------------------------------------

// When the last bit of a frame has left, or NEVER where it would have to wait for too long.
static uint64_t leave_us(enum way way, uint32_t n) {
    uint64_t bits_s = fault_number(BANDWIDTH);
    uint64_t *free_us = &lines[way].free_us;
    if (bits_s == 0)
        return now_us;
    if (*free_us > now_us + QUEUE_US)
        return NEVER;
    *free_us = (*free_us > now_us ? *free_us : now_us) + n * 8000000ull / bits_s;
    return *free_us;
}

// Each frame rolls as often as any other.
void wire_send(enum way way, const uint8_t *bytes, uint32_t n) {
    struct dice dice = fault_dice(DICE_WAY + way, ++lines[way].number);
    bool lost = fault_befalls(DROP, &dice);
    bool twice = fault_befalls(DUPLICATE, &dice);
    bool late = fault_befalls(REORDER, &dice);
    uint32_t late_us = dice_between(&dice, LATE_US_MIN, LATE_US_MAX);
    uint32_t delay_us = fault_number(DELAY);
    delay_us = dice_between(&dice, delay_us / 2, delay_us + delay_us / 2);
    uint64_t due_us = leave_us(way, n);
    count.frames++;
    if (lost || due_us == NEVER || n > sizeof frames[0].bytes) {
        count.lost++;
        tell(way, lost ? "lost" : "no room");
        return;
    }
    due_us += delay_us;
    if (due_us < lines[way].due_us)
        due_us = lines[way].due_us;
    lines[way].due_us = due_us;
    if (late) {
        count.late++;
        tell(way, "late");
        due_us += late_us;
    }
    insert(way, due_us, bytes, n);
    if (twice) {
        count.twice++;
        tell(way, "twice");
        insert(way, due_us, bytes, n);
    }
}
