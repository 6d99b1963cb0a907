// The deterministic world: brokers, cables and clients in one process under a virtual clock.
//
// A site is a broker with a port around it, as port/posix.c or port/lwip.c would be. A cable joins
// an actor, which is a client, to a site: two pipes of bytes with delay, bandwidth and windows, and
// what can go wrong with them. All that happens is an event in the agenda: a run of bytes arrives,
// a site takes its turn, an actor acts, fate strikes. Each event is followed by checks.
//
// A world is a function of its seed. It holds no pointer to anything outside, takes no time from
// the host, and rolls no dice but its own.

#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "sim/agenda.h"
#include "sim/caller.h"
#include "sim/chip.h"
#include "sim/chronicle.h"
#include "sim/dice.h"
#include "sim/exam.h"
#include "sim/ledger.h"
#include "sim/outflow.h"
#include "sim/pulse.h"
#include "sim/rights.h"
#include "sim/scraper.h"
#include "sim/subjects.h"
#include "sim/waiting.h"
#include "sim/watch.h"

#define SITES_MAX 3
#define ACTORS_MAX 64
#define CABLES_MAX 192
#define PIPE_BYTES 32768
#define INPUT_BYTES (24 * 1024)
#define TRAIL_MAX 40

// The longest ping interval and the most pings that a configuration asks for.
#define PING_MS_MAX 120000u
#define PINGS_MAX 3u

// The longest that a site's loop stands still.
#define DOZE_MS_MAX 3000u

// ---- What a seed chooses ------------------------------------------------------------------------

// Each field is a chance of one in so many acts, 0 for never, unless it says otherwise.
struct swarm {
    uint32_t sites, actors;
    uint32_t think_us;  // between two acts of an actor, about
    uint32_t turn_us;   // until a site's loop comes round, at most
    uint32_t delay_us, jitter_us;
    uint32_t run_max;  // bytes that arrive at once, at most
    uint32_t window;   // bytes on their way, each way
    uint32_t payload_max, control_line_max, subscriptions_max, block_bytes;  // of the brokers
    uint32_t stall_ms, payload_idle_ms, tokens_max;
    uint32_t subscriptions;                                   // of one actor, at most
    uint32_t slow, deaf, hostile, scraper, caller, examiner;  // of the actors, in a hundred
    uint32_t queues;  // subscriptions in groups, in a hundred
    uint32_t partial_send;
    uint32_t hang_up, vanish, resubscribe, request;
    uint32_t byte_ns;  // that a cable takes for a byte
    uint32_t fate_us;  // between two strikes of fate, at each of which the following may happen
    uint32_t power_cut;
    uint32_t pool_failure;
    uint32_t reload;
    uint32_t retire;       // a site is emptied as a lame duck, and begins anew
    bool doors;            // reloads change who may come in
    uint32_t rehearsal;    // events between two configurations that nobody runs with, 0 for none
    uint32_t link_cut;     // a site's cables carry nothing, for a while or for ever
    uint32_t doze;         // a site's loop stands still
    uint32_t wall_jump;    // somebody sets its wall clock
    uint32_t rewrite_us;   // between two writings of a board's configuration, about; 0 for never
    uint32_t tear;         // how many of them power is cut in, one in so many
    bool late_release;     // bytes sent stay the broker's until the other end has them, as in lwIP
    uint32_t application;  // how often the application of each site acts
    bool users;            // sites have users with rights of their own
    bool exact;            // nothing of all that stands still or dismisses anybody: times are exact
    bool wild;             // who is hostile may say anything: nobody knows what is owed to whom
    bool siege;           // large messages and little room: all wait, for who is deaf or each other
    bool verbose, clean;  // clean: nothing is slow, small or hostile, so nobody may be cut off
};

// ---- Cables -------------------------------------------------------------------------------------

// Bytes on their way, counted from the first. `arrived` of them were delivered to the far end's
// stack, and `taken` by whoever reads there (up), or acknowledged (down).
struct pipe {
    uint64_t written, arrived, taken;
    uint8_t bytes[PIPE_BYTES];
};

enum { FAR_NEVER, FAR_COMING, FAR_OPEN, FAR_ENDED };

struct cable {
    bool used;
    bool dead;  // carries nothing, and neither end knows
    bool client_open;
    bool cut;         // the client was told of a reset, not of an end: a message may be torn
    bool hang_up;     // the client has ended: after what it wrote comes the end
    bool reset;       // or at once, by a reset
    uint8_t far;      // the site's end, FAR_
    bool paused;      // the broker had no room for its input
    bool blocked;     // there is output that the window has no room for
    bool ending;      // the broker wants it closed, once all is sent
    bool healthy;     // nothing about it is slow
    bool dismissed;   // the broker has closed it because it ends
    bool awaits_end;  // its client must be told that this will happen
    uint8_t site;
    uint16_t actor;
    enum midge_kind kind;
    midge_conn conn;
    struct midge_peer peer;
    struct manners manners;  // of its client, once it has greeted
    uint32_t delay_us, jitter_us, run_max, gap_us, window;
    uint8_t ended_by;  // the broker's reason
    uint32_t ending_since_ms;
    uint32_t late_bytes;  // that were sent since the broker wants it closed
    uint32_t last_bytes;  // of its output when it ends, that are not sent yet
    uint64_t dead_since_us, waiting_since_us;
    struct pulse pulse;
    struct outflow outflow;
    uint32_t place;   // among those that wait for room, 0 for none
    bool crowded;     // publishers wait for it, as was seen last
    bool condemned;   // it was cut off as slow, likewise
    bool is_awaited;  // at the last look, with so many messages that it had been sent
    uint64_t had;
    struct pipe up, down;
    struct chronicle chronicle;
    struct ledger ledger;
};

// ---- Sites --------------------------------------------------------------------------------------

struct site {
    bool powered;
    bool small;                  // it has the limits of a board with 64 KB
    uint32_t blocks;             // if it has few of them, else 0
    bool flashed;                // its configuration lies in flash
    bool scarce;                 // its pools are small, or fail: it may cut off who is in the way
    uint64_t clock_us;           // of its clock, when the world began
    uint64_t wall_us;            // of the wall's, likewise; 0 where it has none
    uint64_t link_back_us;       // when its cables carry again, in the world's time
    uint64_t dozes_until_us;     // likewise
    uint16_t ready[CABLES_MAX];  // cables with something to attend to
    uint32_t ready_count;
    bool is_ready[CABLES_MAX];
    uint16_t cable_of[MIDGE_CONNECTIONS_MAX + 1];  // by slot of its connection
    uint32_t turns;
    struct dice dice;      // of checks by sample, which change nothing
    uint16_t application;  // 1 + its cable, 0 for none
    int32_t handler[MIDGE_HANDLERS_MAX + 1], last_handler;
    uint32_t handled;                      // messages that handlers were given in this turn
    uint64_t in_msgs, out_msgs, last_cid;  // at the last check
    uint32_t reloads;
    uint64_t lame_since_us;
    uint32_t connections_max;          // clients at once, 0 for the standard
    struct tally ended;                // of connections that have ended
    midge_conn stale;                  // the one that ended last
    uint32_t common;                   // blocks left, before the wishes of this turn
    uint32_t generation, nodes;        // of the subject table, at the last check
    uint32_t last_place;               // of those that waited for room
    uint64_t slow_consumers, crowded;  // when that was looked at last
    struct roster roster;
    struct rights rights;
    struct midge_config configs[2];
    uint32_t config;  // the one in use
    struct chip chip;
    struct midge m;
};

// ---- Actors -------------------------------------------------------------------------------------

enum actor_kind {
    ACTOR_GOOD,
    ACTOR_SLOW,
    ACTOR_DEAF,
    ACTOR_HOSTILE,
    ACTOR_SCRAPER,
    ACTOR_CALLER,
    ACTOR_EXAMINER,
};

struct actor {
    enum actor_kind kind;
    uint8_t site;
    uint16_t cable;  // 1 + its index, 0 for none
    bool verbose, echo, headers, no_responders, greeted;
    uint32_t due;          // 1 + the subject to which an answer is due
    uint32_t oks;          // that are still to come
    struct answer answer;  // of a scraper
    struct call call;      // of a caller
    struct exam exam;      // of an examiner
    uint32_t input_bytes;
    uint8_t input[INPUT_BYTES];
};

// ---- The world ----------------------------------------------------------------------------------

struct world {
    uint64_t seed;
    uint64_t now_us;
    uint64_t events, hash;
    uint32_t still;  // of them, since time has passed
    uint64_t delivered, site_us;
    bool quiet;   // actors only read and answer, faults have ended
    bool ending;  // the brokers were told to stop
    uint32_t next_id;
    struct dice dice;
    struct swarm swarm;
    struct agenda agenda;
    struct subjects subjects;
    uint8_t handlers[SITES_MAX * SIDS_MAX];  // what handlers of applications point at
    struct lots lots;
    bool filled;
    uint8_t filler[2 * PIPE_BYTES];     // what payloads are made of
    char bodies[ACTORS_MAX][BODY_MAX];  // of answers to scrapers
    struct actor actors[ACTORS_MAX];
    struct cable cables[CABLES_MAX];
    struct site sites[SITES_MAX];
    struct {
        uint64_t at_us;
        uint32_t slot;
    } trail[TRAIL_MAX];  // the last events
};

// Slots of the agenda.
enum {
    SLOT_FATE = 0,
    SLOT_SITE = 1,
    SLOT_CHIP = SLOT_SITE + SITES_MAX,
    SLOT_ACTOR = SLOT_CHIP + SITES_MAX,
    SLOT_UP = SLOT_ACTOR + ACTORS_MAX,
    SLOT_DOWN = SLOT_UP + CABLES_MAX,
    SLOT_ACK = SLOT_DOWN + CABLES_MAX,
    SLOT_COUNT = SLOT_ACK + CABLES_MAX
};
_Static_assert(SLOT_COUNT <= AGENDA_SLOTS, "each has a slot");

// The world of a seed; `w` is zeroed memory, or has been a world before. A fuzzer loads its dice
// with its input, which must stay as it is.
void world_begin(struct world *w, uint64_t seed, const uint8_t *input, uint32_t bytes);

// One event. False where nothing is planned any more.
bool world_step(struct world *w);

// Lets what is on its way arrive, ends all faults, and checks that everybody got what is owed.
void world_settle(struct world *w);

// Something is wrong: says what, of which seed, after which events, and exits.
_Noreturn void world_fail(const struct world *w, const char *what);

#endif
