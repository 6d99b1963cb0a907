// The firmware of every board with a chip: midge, on bare metal.

#include <string.h>

#include "boards/chip/app.h"
#include "boards/chip/clock.h"
#include "boards/chip/command.h"
#include "boards/chip/configuration.h"
#include "boards/chip/console.h"
#include "boards/chip/identity.h"
#include "boards/chip/trial.h"
#include "hal/hal.h"
#include "port/port.h"

// The longest that a turn may take: far more than a match over a full table, or a resend.
#define WATCHDOG_MS 5000

// An image is sound once a client has connected, or after so long without a reset.
#define SOUND_US (600ull * 1000 * 1000)

static struct midge midge;
static struct midge_config config;

#ifdef BOARD_BROKER_BYTES_MAX
_Static_assert(sizeof midge + sizeof config <= BOARD_BROKER_BYTES_MAX,
               "BOARD_BROKER_BYTES_MAX: the limits of board.h give the broker more RAM than that");
#endif

_Noreturn void midge_panic(const char *file, int line) {
    hal_panic(file, line);
}

static const char no_entropy[] = "No entropy to be had: make config gives a seed";

// Says why, and waits for whoever reads the console: a reset would not help, unless it is what is
// on trial that does not work.
static _Noreturn void die(const char *why) {
    console_say(MIDGE_FTL, why);
    if (trial_is_on())
        hal_reset();
    for (;;)
        hal_wait(UINT32_MAX);
}

// ---- Configuration ------------------------------------------------------------------------------

// Answers whether it is that of flash.
static bool configure(void) {
    if (hal_button() || command_default_wanted()) {
        struct slots_work work;
        slots_erase(&work, &settings_slots);
        console_say(MIDGE_WRN, slots_finish(&work) == 0 ? "The default configuration is restored"
                                                        : "Flash fails");
    }
#if MIDGE_TLS || MIDGE_NKEYS
    enum slots_state state = identity_start();
    if (state == SLOTS_ON_TRIAL)
        trial_begin(TRIAL_IDENTITY);
    else if (state == SLOTS_BACK)
        trial_lost(TRIAL_IDENTITY);
#endif
    return configuration_load(&config);
}

// ---- Network ------------------------------------------------------------------------------------

// The address that the chip was given, or else one of its own making, which says so in its first
// byte and is another after each reset.
static void choose_address(uint8_t mac[6]) {
    if (hal_unique(mac, 6))
        return;
    if (!hal_entropy(mac, 6))
        die(no_entropy);
    mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
}

// The server's name, where it has one that a host can have too: lwIP has room for 31 characters.
static const char *choose_name(void) {
    const char *name = midge_config_text(&config, config.server_name);
    return name[0] != '\0' && strlen(name) < 32 ? name : "midge";
}

// A board may have an address of its own, for where no DHCP server answers; or no DHCP at all.
#ifndef BOARD_ADDRESS
#define BOARD_ADDRESS 0
#define BOARD_MASK 0
#define BOARD_GATEWAY 0
#endif
#ifndef BOARD_DHCP
#define BOARD_DHCP true
#endif

static void start_network(void) {
    static struct port_network network = {
        .dhcp = BOARD_DHCP,
        .address = {BOARD_ADDRESS},
        .mask = {BOARD_MASK},
        .gateway = {BOARD_GATEWAY},
    };
    network.host_name = choose_name();
#if MIDGE_CLOCK
    network.time_server = midge_config_text(&config, config.time_server);
    network.told = clock_told;
#endif
    choose_address(network.mac);
    if (!port_network(&network))
        die("The Ethernet controller does not answer");
    port_init(config.limits.connections);
}

static void listen_on(enum midge_kind kind, midge_text host, int32_t port, const char *what) {
    if (port == 0)
        return;
    if (port_listen(kind, midge_config_text(&config, host), port) < 0)
        die("Cannot listen");
    console_say(MIDGE_INF, what);
}

// ---- Life ---------------------------------------------------------------------------------------

// What ended the life before, where that was not power.
static void mourn(const struct hal_record *record) {
    static const char *const reasons[] = {
        [HAL_POWER] = "Power came on",
        [HAL_WATCHDOG] = "The watchdog ended a life that hung, at",
        [HAL_REQUEST] = "Reset on request",
        [HAL_PANIC] = "An assertion failed, at",
        [HAL_FAULT] = "The processor met a fault, at",
    };
    console_begin(record->reason < HAL_WATCHDOG ? MIDGE_INF : MIDGE_WRN);
    console_text(reasons[record->reason]);
    if (record->reason == HAL_PANIC) {
        console_text(" ");
        console_text(record->file);
        console_text(":");
        console_number(record->line, 10);
    } else if (record->reason == HAL_FAULT || record->reason == HAL_WATCHDOG) {
        console_text(" pc ");
        console_number(record->pc, 16);
        console_text(" lr ");
        console_number(record->lr, 16);
        console_text(" status ");
        console_number(record->status, 16);
        console_text(" address ");
        console_number(record->address, 16);
    }
    console_end();
}

static void drain(struct midge *m) {
    static char text[MIDGE_LOG_LINE_BYTES + 1];
    enum midge_level level;
    for (uint32_t n; (n = midge_log(m, &level, text, sizeof text - 1)) > 0;) {
        text[n] = '\0';
        console_say(level, text);
    }
}

int main(void) {
    console_say(MIDGE_INF, "Starting midge " MIDGE_VERSION);
    mourn(hal_record());
    bool from_flash = configure();
#if MIDGE_CLOCK
    clock_start(config.clock_build);
#endif
#if MIDGE_TLS
    if (config.tls.enabled)
        port_certified();
#endif
    start_network();
    if (!midge_init(&midge, &config, port_now()))
        die(no_entropy);
    command_start(&midge, &config, from_flash);
    app_start(&midge);
    listen_on(MIDGE_MONITOR, config.http_host, config.http_port, "Starting http monitor");
    listen_on(MIDGE_CLIENT, config.host, config.port, "Listening for client connections");
    console_say(MIDGE_INF, "Server is ready");
    hal_watchdog_start(WATCHDOG_MS);
    bool confirmed = false;
    for (;;) {
        port_turn(&midge, drain);
        if (!command_turn() && MIDGE_CLOCK)
            clock_turn();
        app_turn(&midge);
        trial_turn(&midge);
        hal_watchdog_feed();
        if (!confirmed && (midge_clients(&midge) > 0 || hal_us() > SOUND_US)) {
            hal_boot_confirm();
            confirmed = true;
        }
    }
}
