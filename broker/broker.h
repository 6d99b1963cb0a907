// Midge: the NATS broker that fits in a microcontroller. This is its whole interface.
//
// The broker calls nobody. Bytes and time go in; bytes, wishes and a deadline come out. It keeps no
// state outside struct midge, so one process can hold several. Nothing here blocks, allocates or
// fails for want of memory other than by an answer described below.
//
// A port drives it so, on one thread:
//
//     midge_init(&m, &config, now);
//     for (;;) {
//         uint32_t wait_ms = midge_turn(&m, now);         // opens the turn, runs timers
//         ... accept:    c = midge_open(&m, MIDGE_CLIENT, &peer);
//         ... readable:  used = midge_rx(&m, c, bytes, n);
//         ... hung up:   midge_closed(&m, c, MIDGE_PEER_CLOSED);
//         while ((c = midge_next(&m, &wish)) != MIDGE_NONE) ... do what the wish says ...
//         while ((n = midge_log(&m, &level, line, sizeof line)) > 0) ... print it ...
//         ... sleep until an event or wait_ms ...
//     }
//
// Protocol followed: the NATS client protocol as nats-server 2.15 speaks it; tests/wire/cases
// shows it. No function may be called from inside a handler except midge_publish and midge_payload.

#ifndef MIDGE_BROKER_H
#define MIDGE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/limits.h"

#define MIDGE_VERSION "0.1.0"

// The NATS release whose features clients may count on; INFO and /varz show it. 2.9 has headers,
// no-responders and lame duck; what later releases added (message tracing, $SYS.REQ.USER.INFO) is
// gated by clients on a higher number, and Midge does not have it yet.
#define MIDGE_NATS_VERSION "2.9.25"

struct midge;  // defined at the end of this header, so that a board can allocate it statically

// A connection's handle: 0 is none. It carries a generation, so that a stale one is refused.
typedef uint32_t midge_conn;
#define MIDGE_NONE ((midge_conn)0)

// A number from 1 to MIDGE_CONNECTIONS_MAX that no other open connection has, for a port's tables.
static inline uint32_t midge_slot(midge_conn c) {
    return c & 0xffff;
}

// Time, read once a turn. `us` and `ms` are monotonic from any start; `ms` is `us / 1000` and may
// wrap. `wall_us` is UTC since 1970, or 0 while it is unknown.
struct midge_now {
    uint64_t us;
    uint64_t wall_us;
    uint32_t ms;
};

enum midge_kind {
    MIDGE_CLIENT,   // a NATS client
    MIDGE_MONITOR,  // an HTTP request to the monitoring port
    MIDGE_LOCAL,    // the application in the same process; opened by the broker itself
    MIDGE_KINDS
};

// The address of the other end. IPv4 uses the first four bytes.
struct midge_peer {
    uint8_t ip[MIDGE_ADDRESS_BYTES];
    uint16_t port;
    uint8_t ip_bytes;  // 4, 16, or 0 where there is no address; at most MIDGE_ADDRESS_BYTES
};

// Bytes to send. They stay valid until midge_sent has taken them or midge_closed is called.
struct midge_span {
    const uint8_t *bytes;
    uint32_t n;
};

// What a negative answer means. Zero or positive carries a value.
enum midge_err {
    MIDGE_ERR_CLOSED = -1,   // the connection is closing, or the handle is stale
    MIDGE_ERR_FULL = -2,     // a pool is full; try again after a turn
    MIDGE_ERR_INVALID = -3,  // an argument breaks the rule stated for it
    MIDGE_ERR_UNBUILT = -4,  // this build lacks the feature
};

// Why a connection ended. The first four are for the port to say in midge_closed; the rest are the
// broker's own verdicts. /connz and the log show nats-server's text for each.
enum midge_reason {
    MIDGE_PEER_CLOSED = 1,
    MIDGE_READ_ERROR,
    MIDGE_WRITE_ERROR,
    MIDGE_SHUTDOWN,
    MIDGE_AUTH_TIMEOUT,
    MIDGE_AUTH_VIOLATION,
    MIDGE_SLOW_PENDING,
    MIDGE_SLOW_DEADLINE,
    MIDGE_PARSE_ERROR,
    MIDGE_STALE,
    MIDGE_PROTOCOL_VIOLATION,
    MIDGE_BAD_PROTOCOL,
    MIDGE_WRONG_PORT,
    MIDGE_MAX_CONNECTIONS,
    MIDGE_MAX_PAYLOAD,
    MIDGE_MAX_CONTROL_LINE,
    MIDGE_MAX_SUBSCRIPTIONS,
    MIDGE_NO_RESPONDERS_NEEDS_HEADERS,
#if MIDGE_TLS
    MIDGE_TLS_HANDSHAKE,
#endif
    MIDGE_REASONS
};

// What the broker wants of the port for one connection. One call of midge_next answers one wish.
enum midge_wish {
    MIDGE_WISH_RESUME = 1,  // room again: midge_rx with the bytes that were not consumed
#if MIDGE_TLS
    MIDGE_WISH_SECURE,  // the peer speaks TLS: see midge_secured
#endif
    MIDGE_WISH_SEND,              // there is output: midge_tx, send, midge_sent
    MIDGE_WISH_CLOSE_AFTER_SEND,  // send what midge_tx gives, then close and call midge_closed
    MIDGE_WISH_ABORT,             // close at once, drop the output, and call midge_closed
};

// ---- Configuration ------------------------------------------------------------------------------

// Text in a configuration: an offset into its arena, where 0 is the empty text.
typedef uint32_t midge_text;

// A list of subjects: entries first .. first + count - 1 of `subjects`.
struct midge_list {
    uint16_t first;
    uint16_t count;
};

// What a user may do. An empty allow list allows everything; deny wins over allow.
struct midge_permissions {
    struct midge_list publish_allow, publish_deny;
    struct midge_list subscribe_allow, subscribe_deny;
#if MIDGE_RESPONSES_MAX > 0
    int32_t responses;     // replies to a request that was delivered; 0 is none, below 0 any number
    uint32_t response_ms;  // after the request; 0 is any time
#endif
};

struct midge_user {
    midge_text name;  // or its NKey's text
    midge_text password;
    uint32_t permissions;  // 1 + index into `permissions`; 0 is none, everything allowed
#if MIDGE_NKEYS
    midge_text nkey;  // the same as its name, 0 for none
    uint8_t kinds;    // of connections that it may come by, bits MIDGE_BY_...; 0 is any
#endif
};

// What `allowed_connection_types` can name. Clients of this broker come by the first.
enum {
    MIDGE_BY_STANDARD = 1 << 0,
    MIDGE_BY_WEBSOCKET = 1 << 1,
    MIDGE_BY_LEAFNODE = 1 << 2,
    MIDGE_BY_LEAFNODE_WS = 1 << 3,
    MIDGE_BY_MQTT = 1 << 4,
    MIDGE_BY_MQTT_WS = 1 << 5,
    MIDGE_BY_IN_PROCESS = 1 << 6,
};

#if MIDGE_TLS
// How TLS is spoken to clients. Versions, cipher suites and curves are numbered as by IANA.
#define MIDGE_TLS_1_2 0x0303
#define MIDGE_TLS_1_3 0x0304

struct midge_tls_options {
    bool enabled;
    bool verify;           // the peer must have a certificate that ca_file vouches for
    bool verify_and_map;   // and is the user that this names
    bool handshake_first;  // TLS begins before INFO
    bool insecure;         // without effect on a server
    uint16_t min_version;  // 0 is TLS 1.2
    midge_text cert_file, key_file, ca_file;  // read by the board, as these are
    struct midge_tls_pair {
        midge_text cert_file, key_file;
    } pairs[MIDGE_TLS_CERTS_MAX];  // in place of cert_file and key_file
    uint32_t pairs_count;
    uint32_t timeout_ms;   // 2 s
    uint32_t fallback_ms;  // INFO is sent after all, where TLS has not begun; 0 never
    uint32_t rate_limit;   // handshakes that begin in a second; 0 is no limit
    uint32_t ciphers_count, curves_count, pins_count;
    uint16_t ciphers[MIDGE_TLS_CIPHERS_MAX];
    uint16_t curves[MIDGE_TLS_CURVES_MAX];
    midge_text pins[MIDGE_TLS_PINS_MAX];  // SHA-256 of the peer's public key, in lower-case hex
};
#endif

// The effective limits, each at or below its maximum in limits.h. One binary can so be a hub and
// simulate a small chip.
struct midge_limits {
    uint32_t connections;    // of all kinds
    uint32_t subscriptions;  // of all connections together
    uint32_t nodes;
    uint32_t groups;
    uint32_t texts;
    uint32_t blocks;
    uint32_t block_bytes;
};

// Everything that can be configured. conf/ fills it from text (midge_configure); a program may fill
// it by hand after midge_config_defaults. The broker reads it in place: it must outlive the broker,
// or the next midge_reload.
//
// No time in ms may exceed INT32_MAX / 2, some 12 days: the broker tells past from future by the
// sign of a difference in 32 bits, and beyond that a deadline would have passed at once.
struct midge_config {
    // What clients meet.
    midge_text server_name;          // default: the server's id
    uint32_t max_connections;        // clients at once
    uint32_t max_subscriptions;      // of one connection; 0 is no limit of its own
    uint32_t max_sub_tokens;         // tokens in a SUB's subject; 0 is no limit of its own
    uint32_t max_control_line;       // bytes, 4,096 on the hub
    uint32_t max_payload;            // bytes, headers included
    uint32_t max_pending;            // bytes queued for one client before it is closed as slow
    uint32_t ping_interval_ms;       // 2 min
    uint32_t ping_max;               // pings without an answer
    uint32_t write_deadline_ms;      // age of the oldest queued byte before a client is slow, 10 s
    uint32_t auth_timeout_ms;        // 2 s
    uint32_t stall_ms;               // most that one read of a publisher waits for a receiver
    uint32_t payload_idle_ms;        // an unfinished payload without a byte for so long is stale
    uint32_t lame_duck_duration_ms;  // 2 min, the grace period included
    uint32_t lame_duck_grace_ms;     // 10 s
    uint32_t max_closed_clients;     // remembered by /connz
    bool no_header_support;
    bool no_fast_producer_stall;

    // Who may come in. At most one of: user and password, token, users.
    midge_text username, password, token;
    midge_text no_auth_user;
    uint32_t default_permissions;  // 1 + index, 0 is none
    uint32_t users_count, permissions_count, subjects_count;

#if MIDGE_TLS
    struct midge_tls_options tls;
    bool allow_non_tls;  // clients that do not speak TLS are served too
    struct {             // of the command line; midge_config_complete puts them in place of `tls`
        bool on, off, verify;
        midge_text cert_file, key_file, ca_file;
    } tls_flags;
#endif

#if MIDGE_CLOCK
    // What the time is known by; read by the board.
    bool clock_build;  // while it is unknown, the build's time is good enough for certificates
    midge_text time_server;  // of SNTP; "" is the one that DHCP names
#endif

    // Where it listens; read by the board. Port 0 is off, -1 any free one.
    midge_text host;
    int32_t port;
    midge_text http_host;
    int32_t http_port;
#if MIDGE_HTTPS
    midge_text https_host;  // becomes http_host
    int32_t https_port;     // monitoring with TLS, and no http_port then
#endif
    midge_text http_base_path;    // "" or with a slash in front and none behind
    midge_text client_advertise;  // host[:port] for INFO instead of the listening address, with
                                  // MIDGE_CONFIG_HUB

    // Logging and files; read by the board, except for the first five.
    bool debug, trace, trace_verbose, trace_headers;
    uint32_t max_traced_msg_len;
    bool logtime, logtime_utc;
    midge_text log_file;
    uint64_t log_size_limit;
    uint32_t log_max_num;
    bool syslog;
    midge_text pid_file;
    midge_text ports_file_dir;
    midge_text tags[16];  // server_tags
    uint32_t tags_count;
    char digest[72];          // "sha256:..." of the file, filled by the board where it can
    uint64_t loaded_wall_us;  // when it was loaded, for /varz

    // From the board.
    struct midge_limits limits;
    bool (*entropy)(void *to, uint32_t n);  // false: none to be had, and midge_init fails
#if MIDGE_NKEYS
    // Whether an Ed25519 signature is that of n bytes by the holder of a public key. Without it no
    // NKey is admitted.
    bool (*verify)(const uint8_t signature[64], const void *message, uint32_t n,
                   const uint8_t key[32]);
    // Signs n bytes with the key pair that a seed makes, and gives its public key.
    void (*sign)(const uint8_t seed[32], const void *message, uint32_t n, uint8_t signature[64],
                 uint8_t key[32]);
#endif

    // What the counts above are of. Last, so that monitoring's tables need 16 bits for all else.
    struct midge_user users[MIDGE_USERS_MAX];
    struct midge_permissions permissions[MIDGE_PERMISSIONS_MAX];
    midge_text subjects[MIDGE_PERMISSION_SUBJECTS_MAX];

    uint32_t text_bytes;
    char text[MIDGE_CONFIG_TEXT_BYTES];
};

static inline const char *midge_config_text(const struct midge_config *config, midge_text t) {
    return config->text + t;
}

// Adds text to a configuration's arena and answers its place, or MIDGE_ERR_FULL.
int32_t midge_config_add(struct midge_config *config, const char *bytes, uint32_t n);

// Whether a password is kept as its bcrypt hash.
bool midge_config_hashed(const struct midge_config *config, midge_text password);

// Fills a configuration with the defaults of this build.
void midge_config_defaults(struct midge_config *config);

// ---- Configuration text -------------------------------------------------------------------------
//
// conf/ reads the grammar of nats-server's configuration and holds the one table of its options. A
// board uses it so, at start and for each reload:
//
//     midge_config_defaults(&config);
//     midge_configure(&config, &source, &reading);           where there is a file or a blob
//     midge_option_set(&config, option, text);               for each flag of the command line
//     midge_config_complete(&config, &reading);
//
// Reading costs no memory but about 1 KB of stack on a chip.

// A text to read: a file, or a blob in flash. It stays readable until midge_configure returns.
struct midge_source {
    const char *name;  // as complaints show it
    const char *text;
    uint32_t bytes;
};

enum midge_severity {
    MIDGE_REMARK,   // Midge's own: an option has no effect here, or was brought down to a maximum
    MIDGE_WARNING,  // nats-server's own: it starts all the same, but its -t fails
    MIDGE_ERROR,
};

// What the reading of a configuration asks of the board.
struct midge_reading {
    // Takes one complaint, in nats-server's form: `name:line:column: reason`.
    void (*complain)(void *context, enum midge_severity severity, const char *line);
    // Finds what `include path` within `from` stands for. NULL, or the reason why it cannot; a
    // found text stays readable until midge_configure returns. NULL where there are no includes.
    const char *(*include)(void *context, const char *from, const char *path, uint32_t path_bytes,
                           struct midge_source *found);
    // The environment variable of that name, or NULL. NULL where there is no environment.
    const char *(*variable)(void *context, const char *name, uint32_t name_bytes);
#if MIDGE_TLS
    // Sees whether the files that these options name are of use. NULL, or the reason why not.
    const char *(*secure)(void *context, const struct midge_config *config,
                          const struct midge_tls_options *options);
#endif
    void *context;
};

// Reads a text into a configuration, over what is there. False after any MIDGE_ERROR.
bool midge_configure(struct midge_config *config, const struct midge_source *source,
                     const struct midge_reading *reading);

// Derives what is left to derive, once all is set, and checks what several options have to do with
// each other. False after any MIDGE_ERROR.
bool midge_config_complete(struct midge_config *config, const struct midge_reading *reading);

// Where clients are told to connect.
struct midge_address {
    const char *host;  // not terminated by a NUL
    uint32_t host_bytes;
    int32_t port;
};

// Finds it: by client_advertise, and what that leaves open by `host` and the listening port. NULL,
// or what is wrong with client_advertise, in the words of Go's net package; then it is `host`.
const char *midge_advertised(const struct midge_config *config, int32_t port,
                             struct midge_address *found);

#if MIDGE_CONFIG_HUB

// An option of the table by its command-line flag: its number, or MIDGE_ERR_INVALID.
int32_t midge_option_flag(const char *flag, uint32_t flag_bytes);

// Whether it is a switch, whose flag takes no word after it.
bool midge_option_switch(int32_t option);

// Sets it. MIDGE_ERR_INVALID where the text is no value for it, MIDGE_ERR_FULL where the text does
// not fit, MIDGE_ERR_UNBUILT where it belongs to a feature that this build lacks; else 0.
int32_t midge_option_set(struct midge_config *config, int32_t option, const char *text);

// Walks over what differs between two configurations, one option a call: answers the next after
// `option` (0 to begin with), and 0 at the end. The line says what nats-server's reload logs;
// *fixed is set where the option cannot change while the broker runs, and the line then says so.
int32_t midge_config_change(const struct midge_config *from, const struct midge_config *to,
                            int32_t option, bool *fixed, char *line, uint32_t line_max);

#endif

// ---- The broker ---------------------------------------------------------------------------------

// Prepares a broker. `m` must be zeroed memory (static storage is). False where the config's
// entropy refuses. Touches only what it needs: untouched pool pages stay untouched.
bool midge_init(struct midge *m, const struct midge_config *config, struct midge_now now);

// Opens a turn: takes the time, runs what is due. Answers how many milliseconds may pass until it
// wants another turn; 0 at once, UINT32_MAX never.
uint32_t midge_turn(struct midge *m, struct midge_now now);

// A connection was accepted. MIDGE_NONE only where not even a refusal can be sent. Over the limit,
// the connection is opened to carry its -ERR and closes by wish: the port needs no case for it.
midge_conn midge_open(struct midge *m, enum midge_kind kind, const struct midge_peer *peer);

// Bytes arrived. Answers how many were consumed: fewer than n means want of room and nothing else;
// the port keeps the rest, stops reading, and hands it in again on MIDGE_WISH_RESUME. Negative:
// closing, the bytes are of no use. n is 0 where a MIDGE_MONITOR's peer has sent all that it will,
// but may still be waiting for its answer: the connection ends with that.
int32_t midge_rx(struct midge *m, midge_conn c, const uint8_t *bytes, uint32_t n);

// Whether it was let in, or is no client. What comes before may be a password: a port wipes what
// was consumed, and leaves the rest with the stack, since it may lie there for a while.
bool midge_admitted(const struct midge *m, midge_conn c);

// Gives up to `max` spans of output, passing over the first `skip` bytes (already handed to the
// stack, not yet midge_sent). Answers how many spans were filled. Nothing is copied.
uint32_t midge_tx(struct midge *m, midge_conn c, uint32_t skip, struct midge_span *v, uint32_t max);

// The stack has taken (and no longer references) n bytes more. Call it after every attempt to
// send, with 0 too: that is how the broker learns that the receiver is slow.
void midge_sent(struct midge *m, midge_conn c, uint32_t n);

#if MIDGE_TLS
// What there is to know of a TLS connection. Its texts are read before midge_secured returns.
enum midge_tls_name_kind {
    MIDGE_TLS_EMAIL,
    MIDGE_TLS_DNS,
    MIDGE_TLS_URI,
    MIDGE_TLS_DISTINGUISHED,  // the subject, its parts as they are
    MIDGE_TLS_SUBJECT,        // the same in the order of Go's pkix.Name, without unknown parts
};

struct midge_tls_name {
    const char *bytes;
    uint32_t n;
    enum midge_tls_name_kind kind;
};

// A certificate that the peer has shown.
struct midge_tls_shown {
    const char *subject;  // as Go's pkix.Name writes it
    uint32_t subject_bytes;
    uint8_t key_sha256[32], sha256[32];
};

struct midge_tls {
    const char *failure;  // why there is none, as the log shows it; else NULL
    bool stray;           // what came was no TLS at all, which only a verbose log shows
    uint16_t version, cipher;
    bool certificate;                    // the peer has shown one; what follows is of it
    const struct midge_tls_name *names;  // in the order in which users are looked for
    uint32_t names_count;
    uint8_t key_sha256[32];  // of its public key
    const struct midge_tls_shown
        *shown;  // its chain, as far as it goes; the peer's own comes first
    uint32_t shown_count;
};

// TLS has been established, or has failed. On MIDGE_WISH_SECURE the port begins with it: whatever
// was not consumed and whatever comes then belongs to the handshake, until this is called; what is
// queued goes out in clear first. From then on midge_rx takes what was decrypted, and what midge_tx
// gives is encrypted. After a failure the connection ends by wish, once the port's alert is sent;
// so it does where the port finds later that the peer should not have been let in.
void midge_secured(struct midge *m, midge_conn c, const struct midge_tls *tls);

// The port is busy with other handshakes: this one's time stands still until it goes on.
void midge_secure_waits(struct midge *m, midge_conn c, bool waits);
#endif

// The connection is gone and the stack references none of its bytes. Frees all that it held; its
// subscriptions are reaped over the next turns.
void midge_closed(struct midge *m, midge_conn c, enum midge_reason why);

// The next connection that wants something, or MIDGE_NONE. Each wish is answered once.
midge_conn midge_next(struct midge *m, enum midge_wish *wish);

// Takes another configuration in place of the present one: what changed takes effect as with
// nats-server's reload, and is logged. Addresses, files and limits are the board's to compare.
void midge_reload(struct midge *m, const struct midge_config *config);

// Lame duck: tells clients by INFO, and after the grace period closes them one by one, over the
// configured duration. Done when midge_clients is 0. The port stops accepting.
void midge_lame_duck(struct midge *m);

// Closes every connection by wish, with what is queued sent first.
void midge_stop(struct midge *m);

// The server's id, a public key in NATS's text form of 56 characters; and how many clients are
// connected.
const char *midge_id(const struct midge *m);
uint32_t midge_clients(const struct midge *m);

// Writes a time in microseconds since 1970 as RFC 3339 has it, in UTC, with a NUL behind it.
void midge_write_time(uint64_t wall_us, char text[28]);

#if MIDGE_NKEYS
// What a device goes by: the seed in an NKey's text, or in a `.creds` file, false where there is
// none, which its reader wipes; and the text of a user's public key, with a NUL behind it.
bool midge_read_seed(const char *text, uint32_t bytes, uint8_t seed[32]);
void midge_write_nkey(const uint8_t key[32], char text[57]);
#endif

// What a console tells of a broker. Messages are those of clients, modulo 2^32.
struct midge_state {
    uint32_t clients, subscriptions;
    uint32_t blocks, blocks_max;  // of the pool that carries what is queued: used, and all
    uint32_t in_msgs, out_msgs;
};
void midge_state(const struct midge *m, struct midge_state *state);

// ---- Log lines ----------------------------------------------------------------------------------

enum midge_level { MIDGE_INF, MIDGE_DBG, MIDGE_WRN, MIDGE_ERR, MIDGE_FTL, MIDGE_TRC };

// Adds a line of the port's own.
void midge_note(struct midge *m, enum midge_level level, const char *text);

// Takes the oldest log line into `line`, without line end and cut to `max`; answers its length, or
// 0 where there is none. Lines that the ring had no room for are counted, and a line says so.
uint32_t midge_log(struct midge *m, enum midge_level *level, char *line, uint32_t max);

// ---- What only the port knows -------------------------------------------------------------------

// A pool of the stack that the port stands on. /varz shows it behind the broker's own.
struct midge_pool {
    const char *name;
    uint32_t entry_bytes;
    uint32_t limit, used, high;  // entries; `high` is the most ever used at once
};

struct midge_host {
    uint64_t rss_bytes;
    uint32_t cpu_permille;  // of one core, since the last call
    uint32_t cores;
    uint16_t port;         // as bound
    uint16_t http_port;    // as bound
    const char *platform;  // shown as "go" in INFO and /varz, where tools look for the run-time
    const struct midge_pool *pools;  // the port's, and up to date when monitoring reads them
    uint32_t pools_count;            // 200 at most
#if MIDGE_TLS
    // When the certificate that clients are shown ends, and which of its set ends first; in
    // microseconds since 1970, 0 where there is none.
    uint64_t certificate_end_us, first_end_us;
#endif
};

// Tells the broker. The port calls it at start, and before midge_rx on a MIDGE_MONITOR connection.
void midge_host(struct midge *m, const struct midge_host *host);

// ---- The application in the same process --------------------------------------------------------

// A message for a handler. Subject and reply are not terminated by a NUL.
struct midge_message {
    const char *subject;
    const char *reply;
    uint32_t subject_bytes;
    uint32_t reply_bytes;    // 0: none
    uint32_t header_bytes;   // leading part of the payload, 0: none
    uint32_t payload_bytes;  // headers included
    const struct midge *midge;
    uint32_t skip;
};

// A handler runs from midge_turn, never inside a delivery; it may call midge_publish and
// midge_payload, and nothing else of the broker.
typedef void (*midge_handler)(void *context, const struct midge_message *message);

// Points at the payload from `offset` on, and says how many bytes lie there in one piece; the rest
// follows at offset + *n. NULL at its end.
const uint8_t *midge_payload(const struct midge_message *message, uint32_t offset, uint32_t *n);

// Publishes on behalf of the application. `reply` may be NULL. Answers 0, MIDGE_ERR_FULL where a
// receiver or a pool has no room now, or MIDGE_ERR_INVALID for a malformed subject or a payload
// above the limit.
int32_t midge_publish(struct midge *m, const char *subject, const char *reply, const void *payload,
                      uint32_t payload_bytes);

// Subscribes a handler. `queue` may be NULL. Answers an id above 0, MIDGE_ERR_FULL, or
// MIDGE_ERR_INVALID.
int32_t midge_subscribe(struct midge *m, const char *subject, const char *queue,
                        midge_handler handler, void *context);
void midge_unsubscribe(struct midge *m, int32_t id);

// ---- For the board to define --------------------------------------------------------------------

// A broken assertion: a bug. Records it and never returns (a chip resets, the hub aborts).
_Noreturn void midge_panic(const char *file, int line);

// struct midge itself, so that its storage can be static. Its members are private.
#include "broker/core/midge.h"

#endif
