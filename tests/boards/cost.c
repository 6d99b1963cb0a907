// Counts the processor's instructions for a message, over a port that is none: bytes are handed in
// and taken out, and nothing is sent.
//
// QEMU runs it so that an instruction takes a nanosecond of the board's clock: `make cost`. A loop
// of known length shows that it does. Each case is held to a budget. Ends with status 17 where all
// is well.

#include <string.h>

#include "broker/broker.h"
#include "broker/auth/bcrypt.h"
#include "hal/hal.h"
#include "port/port.h"

#define PASSED 17
#define FAILED 1
#define MESSAGES 1000  // so that microseconds are instructions a message
#define RECEIVERS_MAX 8
#define SUBJECTS_HELD 4  // of the cache, where a publisher changes between subjects

// What a publisher and a receiver may do. The subscription below is looked at again at each
// delivery only where a deny tells on some of what it stands for.
static const char conf[] = "authorization { users: [\n"
                           "  { user: device, password: secret, permissions: {\n"
                           "      publish: { allow: ['_INBOX.>', 'sensors.*.temp', 'alarms.*.*'],\n"
                           "                 deny: ['sensors.cellar.>', '$SYS.>'] }\n"
                           "      subscribe: { allow: ['_INBOX.>', 'commands.*', 'sensors.>'],\n"
                           "                   deny: ['sensors.*.raw', '$SYS.>'] } } }\n"
                           "  { user: guest, password: secret, permissions: {\n"
                           "      subscribe: { allow: ['_INBOX.>', 'commands.*', 'sensors.>'],\n"
                           "                   deny: ['sensors.cellar.>', '$SYS.>'] } } } ] }\n";

enum subjects {
    SAME,   // each message has the subject of the one before
    HELD,   // one of a few that are remembered
    OTHER,  // none had it before
};

// The budget is of instructions for a message without a turn. The first one is the bar; the others
// are what was measured, and a little more.
static const struct cost_case {
    const char *name;
    const char *receiver;  // the user
    enum subjects subjects;
    uint32_t receivers, payload_bytes, budget;
} cases[] = {
    {"1 to 1,  16 B, the same subject      ", "device", SAME, 1, 16, 1300},
    {"1 to 1,  16 B, a remembered one      ", "device", HELD, 1, 16, 1570},
    {"1 to 1,  16 B, one not remembered    ", "device", OTHER, 1, 16, 4130},
    {"1 to 1, 128 B, the same subject      ", "device", SAME, 1, 128, 1390},
    {"1 to 1, 128 B, one not remembered    ", "device", OTHER, 1, 128, 4200},
    {"1 to 8,  16 B, the same subject      ", "device", SAME, 8, 16, 6250},
    {"1 to 8,  16 B, one not remembered    ", "device", OTHER, 8, 16, 9150},
    {"1 to 8, 128 B, the same subject      ", "device", SAME, 8, 128, 6720},
    {"1 to 8, 128 B, one not remembered    ", "device", OTHER, 8, 128, 9620},
    {"1 to 1,  16 B, same; a deny may apply", "guest", SAME, 1, 16, 1745},
};

static struct midge midge;
static struct midge_config config;
static struct midge_now now;
static struct line {
    uint32_t bytes;
    uint8_t text[256];
} lines[MESSAGES];
static uint32_t passed, failed;

_Noreturn void midge_panic(const char *file, int line) {
    hal_panic(file, line);
}

// ---- Saying so ----------------------------------------------------------------------------------

static void say(const char *text) {
    // The console's ring never waits.
    for (; *text != '\0'; text++) {
        hal_console_write(text, 1);
        hal_wait(1);
    }
}

static void say_number(uint32_t number, uint32_t digits) {
    char text[17] = "                ";
    char *at = text + 16;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(text + 16 - digits < at ? text + 16 - digits : at);
}

static void show(const char *what, bool ok) {
    if (ok) {
        passed++;
        return;
    }
    failed++;
    say("FAILED: ");
    say(what);
    say("\n");
}

// ---- The port -----------------------------------------------------------------------------------

static uint32_t taken_bytes;

// What a port does with the broker's wishes.
static void carry_out(void) {
    midge_conn c;
    enum midge_wish wish;
    struct midge_span v[4];
    while ((c = midge_next(&midge, &wish)) != MIDGE_NONE) {
        uint32_t count = midge_tx(&midge, c, 0, v, 4);
        uint32_t bytes = 0;
        for (uint32_t i = 0; i < count; i++)
            bytes += v[i].n;
        midge_sent(&midge, c, bytes);
        taken_bytes += bytes;
    }
}

static void turn(void) {
    char text[MIDGE_LOG_LINE_BYTES];
    enum midge_level level;
    now.us += 50;
    now.ms = (uint32_t)now.us / 1000;
    midge_turn(&midge, now);
    while (midge_log(&midge, &level, text, sizeof text) > 0)
        ;
}

static bool hand_in(midge_conn c, const void *bytes, uint32_t n) {
    return midge_rx(&midge, c, bytes, n) == (int32_t)n;
}

// Hands in a message a call, and answers how many microseconds that took.
static uint32_t publish(midge_conn c, bool turns) {
    uint64_t begun_us = hal_us();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        if (turns)
            turn();
        if (!hand_in(c, lines[i].text, lines[i].bytes))
            return UINT32_MAX;
        carry_out();
    }
    return (uint32_t)(hal_us() - begun_us);
}

// ---- The cases ----------------------------------------------------------------------------------

// The same for every run, and fit for nothing else.
static bool entropy(void *to, uint32_t n) {
    memset(to, 0x5a, n);
    return true;
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    (void)severity;
    say(line);
    say("\n");
}

static void start(void) {
    const struct midge_source source = {"conf", conf, sizeof conf - 1};
    const struct midge_reading reading = {.complain = complain};
    midge_config_defaults(&config);
    config.entropy = entropy;
    show("the configuration holds",
         midge_configure(&config, &source, &reading) && midge_config_complete(&config, &reading));
    memset(&midge, 0, sizeof midge);
    show("the broker starts", midge_init(&midge, &config, now));
}

static uint8_t *append(uint8_t *to, const char *text) {
    return (uint8_t *)memcpy(to, text, strlen(text)) + strlen(text);
}

static midge_conn enter(const char *user, const char *command) {
    midge_conn c = midge_open(&midge, MIDGE_CLIENT, NULL);
    uint8_t text[256];
    uint8_t *end = append(text, "CONNECT {\"verbose\":false,\"pedantic\":false,\"user\":\"");
    end = append(end, user);
    end = append(end, "\",\"pass\":\"secret\"}\r\n");
    end = append(end, command);
    carry_out();
    taken_bytes = 0;
    show("a client enters", hand_in(c, text, (uint32_t)(end - text)));
    carry_out();
    show("and nothing is said against it", taken_bytes == 0);
    return c;
}

static void write_line(struct line *line, uint32_t number, uint32_t payload_bytes) {
    uint8_t *to = append(line->text, "PUB sensors.kit");
    for (uint32_t unit = 1000; unit > 0; unit /= 10)
        *to++ = (uint8_t)('0' + number / unit % 10);
    to = append(to, payload_bytes == 16 ? ".temp 16\r\n" : ".temp 128\r\n");
    memset(to, 'x', payload_bytes);
    to = append(to + payload_bytes, "\r\n");
    line->bytes = (uint32_t)(to - line->text);
}

static void try_case(const struct cost_case *t) {
    start();
    midge_conn publisher = enter("device", "");
    for (uint32_t i = 0; i < t->receivers; i++)
        enter(t->receiver, "SUB commands.reset 1\r\nSUB sensors.*.temp 2\r\n");
    for (uint32_t i = 0; i < MESSAGES; i++)
        write_line(&lines[i],
                   t->subjects == SAME   ? 0
                   : t->subjects == HELD ? i % SUBJECTS_HELD
                                         : i,
                   t->payload_bytes);
    publish(publisher, false);
    uint64_t hits = midge.cache_hits;
    taken_bytes = 0;
    uint32_t cost = publish(publisher, false);
    // MSG instead of PUB, and the sid.
    show("every message came", taken_bytes == MESSAGES * t->receivers * (lines[0].bytes + 2));
    show("what is remembered is as said",
         midge.cache_hits - hits == (t->subjects == OTHER ? 0 : MESSAGES));
    uint32_t with_turns = publish(publisher, true);
    say(t->name);
    say_number(cost, 8);
    say_number(t->budget, 8);
    say_number(with_turns, 14);
    say("\n");
    show("within the budget", cost <= t->budget);
}

// ---- What NKeys and hashed passwords take ---------------------------------------------------------

#if MIDGE_NKEYS

// The bars of an NKey's verification.
#define VERIFY_MAX 1400000
#define VERIFY_STACK_MAX 3600

extern uint32_t stack_begin[];  // where the program's stack ends, in a guard
#define STACK_FLOOR (stack_begin + 64)

#define PAINT 0xA5A5A5A5u

// Everything below the caller is painted, and what is not any more was used.
__attribute__((noinline)) static void paint(uint32_t *to) {
    for (volatile uint32_t *at = STACK_FLOOR; at < to; at++)
        *at = PAINT;
}

__attribute__((noinline)) static uint32_t painted(const uint32_t *to) {
    const volatile uint32_t *at = STACK_FLOOR;
    while (at < to && *at == PAINT)
        at++;
    return (uint32_t)(to - at) * 4;
}

static void try_verify(void) {
    static const char nonce[] = "PXoWU7zWAMt75FY";
    uint8_t seed[32], signature[64], key[32];
    memset(seed, 0x5a, sizeof seed);
    port_sign(seed, nonce, 15, signature, key);
    uint32_t *here;
    __asm volatile("mov %0, sp" : "=r"(here));
    paint(here - 8);  // what it takes itself
    uint64_t begun_us = hal_us();
    bool good = port_verify(signature, nonce, 15, key);
    uint32_t took = (uint32_t)(hal_us() - begun_us);
    uint32_t stack = painted(here);
    signature[3] ^= 1;
    show("a signature holds", good && !port_verify(signature, nonce, 15, key));
    say("verifying an NKey: thousands of them");
    say_number(took, 8);
    say_number(VERIFY_MAX / 1000, 8);
    say(", bytes of stack");
    say_number(stack, 8);
    say_number(VERIFY_STACK_MAX, 8);
    say("\n");
    show("within the bars", took <= VERIFY_MAX / 1000 && stack <= VERIFY_STACK_MAX);
}

#endif

#if MIDGE_BCRYPT_COST_MAX > 0
static void try_slice(void) {
    static struct bcrypt b;
    show("a hash is one",
         bcrypt_begin(&b, "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
                      (const uint8_t *)"abc", 3));
    uint64_t begun_us = hal_us();
    for (uint32_t i = 0; i < 1000; i++)
        bcrypt_step(&b, MIDGE_BCRYPT_SLICE);
    uint32_t took = (uint32_t)(hal_us() - begun_us);
    uint32_t most = HAL_TIMER_MHZ * 1000;  // a millisecond's
    say("a slice of bcrypt                      ");
    say_number(took, 5);
    say_number(most, 8);
    say("\n");
    show("within a millisecond", took <= most);
}
#endif

int main(void) {
    uint32_t rounds = 500000;
    uint64_t begun_us = hal_us();
    __asm volatile("1: subs %0, #1\n   bne 1b" : "+r"(rounds) : : "cc");
    uint32_t took_us = (uint32_t)(hal_us() - begun_us);
    show("a million instructions take a millisecond", took_us >= 999 && took_us <= 1001);
    say("instructions for a message                 at most  with a turn\n");
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        try_case(&cases[i]);
#if MIDGE_NKEYS
    try_verify();
#endif
#if MIDGE_BCRYPT_COST_MAX > 0
    try_slice();
#endif
    say("cost: ");
    say_number(passed, 1);
    say(" passed, ");
    say_number(failed, 1);
    say(" failed\n");
    hal_exit(failed == 0 ? PASSED : FAILED);
}
