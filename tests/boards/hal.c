// Proves a board's hal in QEMU: one boot after the other, each ended on purpose, and each looks at
// what the one before it left. Ends with status 17 where all is well, else 1; on a
// real board it sleeps at last.
//
// Prints a line for each thing shown, `ok what` or `not ok what`; tests/boards/chips.py counts
// them.

#include <string.h>

#include "hal/hal.h"

#define PASSED 17
#define FAILED 1
#define WATCHDOG_MS 200

static const uint8_t mac[6] = {0x02, 0x00, 0x00, 0x12, 0x34, 0x56};

// Outlives the resets, as the record does.
static uint32_t failures __attribute__((section(".noinit")));

static void say(const char *text) {
    hal_console_write(text, (uint32_t)strlen(text));
}

static void show(const char *what, bool ok) {
    say(ok ? "ok " : "not ok ");
    say(what);
    say("\r\n");
    if (!ok)
        failures++;
}

// ---- Clock and console --------------------------------------------------------------------------

static void try_clock(void) {
    uint64_t before = hal_us();
    uint64_t last = before;
    bool forward = true;
    while (last - before < 500000) {  // longer than a turn of SysTick
        uint64_t now = hal_us();
        forward = forward && now >= last;
        last = now;
    }
    show("the clock never goes back", forward);
    before = hal_us();
    while (hal_us() - before < 30000)
        hal_wait(10);
    uint32_t waits = 0;
    before = hal_us();
    for (; hal_us() - before < 100000 && waits < 1000; waits++)
        hal_wait(100);
    show("hal_wait sleeps until its time has come", waits >= 1 && waits <= 10);
}

static void try_wall_clock(void) {
    uint64_t rtc_us = hal_wall_us();
    uint64_t told_us = 1800000000000000;
    hal_wall_set(told_us);
    uint64_t before = hal_us();
    while (hal_us() - before < 20000) {
    }
    uint64_t last_us = hal_wall_us();
    show("the wall clock counts from what it is told",
         last_us >= told_us + 20000 && last_us < told_us + 1000000);
    hal_wall_set(told_us);
    show("set back, it stands still", hal_wall_us() >= last_us);
    hal_wall_set(0);
    show("it may be unknown", hal_wall_us() == 0);
    hal_wall_set(rtc_us);
}

static void try_console(void) {
    static char flood[8192];
    memset(flood, '.', sizeof flood - 2);
    memcpy(flood + sizeof flood - 2, "\r\n", 2);
    hal_console_write(flood, sizeof flood);
    show("the console takes a flood without waiting", true);
    show("nothing was typed", hal_console_read() == -1);
}

static void try_entropy(void) {
    uint8_t one[16] = {0};
    uint8_t other[16] = {0};
    bool have = hal_entropy(one, sizeof one) && hal_entropy(other, sizeof other);
    show("entropy is lent", have && memcmp(one, other, sizeof one) != 0);
    show("the chip knows which it is", hal_unique(one, 6) && !hal_unique(one, 16));
}

// ---- Flash --------------------------------------------------------------------------------------

static const uint8_t stamp[16] = "kept by flash  ";

static void try_flash(void) {
    struct hal_flash flash = hal_flash();
    uint32_t unit = flash.program_bytes;
    uint32_t at = flash.bytes - flash.sector_bytes;  // the last: the first are spoken for
    uint8_t found[16] = {0};
    show("there is flash", flash.bytes >= 2 * flash.sector_bytes && unit <= sizeof stamp);
    hal_flash_read(at, found, sizeof found);
    bool kept = memcmp(found, stamp, sizeof stamp) == 0;
    say(kept ? "flash: kept\r\n" : "flash: fresh\r\n");
    show("a sector is erased", hal_flash_erase(at) == 0);
    hal_flash_read(at + sizeof found, found, sizeof found);
    show("to ones", found[0] == 0xff && found[15] == 0xff);
    show("it is programmed", hal_flash_program(at, stamp, sizeof stamp) == 0);
    show("but once a unit", hal_flash_program(at, stamp, sizeof stamp) == HAL_ERR_DIRTY);
    hal_flash_read(at, found, sizeof found);
    show("and read", memcmp(found, stamp, sizeof stamp) == 0 && hal_flash_sync() == 0);
    show("not outside", hal_flash_read(flash.bytes - 1, found, 2) == HAL_ERR_INVALID &&
                            hal_flash_erase(flash.bytes) == HAL_ERR_INVALID &&
                            hal_flash_program(UINT32_MAX, stamp, unit) == HAL_ERR_INVALID);
    show("not off its boundaries", hal_flash_erase(at + unit) == HAL_ERR_INVALID &&
                                       hal_flash_program(at + 1, stamp, unit) == HAL_ERR_INVALID &&
                                       hal_flash_program(at + unit, stamp, 1) == HAL_ERR_INVALID);
}

// ---- Ethernet -----------------------------------------------------------------------------------

// Asks the emulator's gateway, 10.0.2.2, for its address, as 10.0.2.15.
static void ask(void) {
    static const uint8_t head[HAL_ETHERNET_PAD + 14] = {
        0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0x12, 0x34, 0x56, 0x08, 0x06};
    static const uint8_t request[9] = {0, 1, 8, 0, 6, 4, 0, 1, 0x02};  // pieces of odd lengths
    static const uint8_t rest[19] = {0, 0, 0x12, 0x34, 0x56, 10, 0, 2, 15, 0,
                                     0, 0, 0,    0,    0,    10, 0, 2, 2};
    struct hal_span pieces[] = {
        {head, sizeof head}, {request, sizeof request}, {rest, sizeof rest}};
    show("a frame is sent", hal_ethernet_send(pieces, 3));
}

static bool is_answer(const uint8_t *frame, uint32_t n) {
    static const uint8_t reply[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2};
    const uint8_t *from = frame + HAL_ETHERNET_PAD + 28;
    return n >= HAL_ETHERNET_PAD + 42 && memcmp(frame + HAL_ETHERNET_PAD, mac, 6) == 0 &&
           memcmp(frame + HAL_ETHERNET_PAD + 12, reply, sizeof reply) == 0 && from[0] == 10 &&
           from[2] == 2 && from[3] == 2;
}

static bool is_answered(bool in_parts) {
    static uint32_t frame[400];
    uint64_t end_us = hal_us() + 2000000;
    while (hal_us() < end_us) {
        uint32_t n = hal_ethernet_frame();
        if (n == 0) {
            hal_wait(1000);
            continue;
        }
        uint32_t first = in_parts ? 20 : n;
        hal_ethernet_read(frame, first);
        hal_ethernet_read((uint8_t *)frame + first, n - first);
        bool answer = is_answer((const uint8_t *)frame, n);
        hal_ethernet_skip();
        if (answer)
            return true;
    }
    return false;
}

static void try_ethernet(void) {
    show("the MAC answers", hal_ethernet_init(mac));
    show("there is a link", hal_ethernet_link());
    show("no frame has come", hal_ethernet_frame() == 0);
    for (uint32_t i = 0; i < 3; i++) {
        ask();
        show(i == 1 ? "its answer comes, in parts" : "its answer comes, whole",
             is_answered(i == 1));
    }
    ask();
    for (uint64_t end_us = hal_us() + 2000000; hal_ethernet_frame() == 0 && hal_us() < end_us;)
        hal_wait(100);
    hal_ethernet_skip();
    show("a frame is passed over", hal_ethernet_frame() == 0);
    show("none was dropped", hal_ethernet_dropped() == 0);
}

// ---- Faults and resets --------------------------------------------------------------------------

static volatile uint32_t zero;
static volatile uint32_t hundred = 100;
static uint32_t *volatile nowhere;

// Takes stack until there is none.
static uint32_t deepen(uint32_t depth) {
    volatile uint32_t room[8];
    room[depth % 8] = depth;
    return depth == UINT32_MAX ? room[0] : deepen(depth + 1) + room[depth % 8];
}

static void divide(void) {
    hundred = hundred / zero;
}

static void store(void) {
    *nowhere = 1;
}

static void overflow(void) {
    zero = deepen(zero);
}

static void assertion(void) {
    hal_panic("a/path/that/is/longer/than/the/record/has/room/for.c", 1234);
}

static void hang(void) {
    hal_watchdog_start(WATCHDOG_MS);
    for (uint64_t end_us = hal_us() + 3 * WATCHDOG_MS * 1000; hal_us() < end_us;)
        hal_watchdog_feed();
    show("a watchdog that is fed does nothing", true);
    for (;;)
        ;
}

// How each boot ends, and what the next one must find.
static const struct {
    const char *what;
    void (*end)(void);
    enum hal_reason reason;
    bool located;
} boots[] = {
    {"an assertion is recorded", assertion, HAL_PANIC, false},
    {"a division by zero is recorded", divide, HAL_FAULT, true},
    {"a store at NULL is recorded", store, HAL_FAULT, true},
    {"a stack overflow is recorded", overflow, HAL_FAULT, false},
    {"a hang is recorded", hang, HAL_WATCHDOG, false},
    {"a reset is recorded", hal_reset, HAL_REQUEST, false},
};

#define BOOTS (sizeof boots / sizeof boots[0])

static void look_at(const struct hal_record *record) {
    uint32_t i = record->boots - 1;
    bool ok = record->reason == boots[i].reason && (!boots[i].located || record->pc != 0);
    if (record->reason == HAL_PANIC)
        ok = ok && record->line == 1234 &&
             strcmp(record->file, "longer/than/the/record/has/room/for.c" + 6) == 0;
    show(boots[i].what, ok);
}

int main(void) {
    const struct hal_record *record = hal_record();
    if (record->boots == 0) {
        failures = 0;
        show("power came on", record->reason == HAL_POWER);
        try_clock();
        try_wall_clock();
        try_console();
        try_entropy();
        try_flash();
        try_ethernet();
        show("the stack suffices", hal_stack_unused() > 512);
    } else if (record->boots <= BOOTS) {
        look_at(record);
    } else {
        for (;;)  // on a real board, which hal_exit has reset
            hal_wait(1000);
    }
    if (record->boots < BOOTS)
        boots[record->boots].end();
    hal_exit(failures == 0 ? PASSED : FAILED);
}
