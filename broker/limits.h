// Every limit of the broker: its default, unit, legal range and what one more costs in RAM.
//
// A board overrides a default by defining the macro before this header is read (its board.h is
// included by the build with -include). The defaults are a small chip's. These are *maxima*, which
// size the static arrays; struct midge_config holds the effective values at or below them. Indices
// are 2 bytes where every pool has fewer than 65,535 entries, else 4; costs below are given as
// "16-bit / 32-bit". `make ram` prints the sum for a board.

#ifndef MIDGE_LIMITS_H
#define MIDGE_LIMITS_H

#include <stdint.h>

// Connections of all kinds (clients, monitoring, links), counting the one in the application.
// 4..65,000. 248 / 264 B each, and MIDGE_BLOCKS_GUARANTEED blocks that are kept for it.
#ifndef MIDGE_CONNECTIONS_MAX
#define MIDGE_CONNECTIONS_MAX 16
#endif

// How many of them clients cannot take: what is left for monitoring, for the application, and to
// tell a client that it is one too many. 1 or more, below MIDGE_CONNECTIONS_MAX.
#ifndef MIDGE_CONNECTIONS_SPARE
#define MIDGE_CONNECTIONS_SPARE 2
#endif
#define MIDGE_CLIENTS_MAX (MIDGE_CONNECTIONS_MAX - MIDGE_CONNECTIONS_SPARE)

// The longest address of a peer: 16 B, or 4 where the stack has IPv4 only; for each connection and
// each that is remembered.
#ifndef MIDGE_ADDRESS_BYTES
#define MIDGE_ADDRESS_BYTES 16
#endif

// Subscriptions of all connections together. 8..16,000,000. 40 / 48 B each, and 2 / 4 B of hash
// bucket.
#ifndef MIDGE_SUBSCRIPTIONS_MAX
#define MIDGE_SUBSCRIPTIONS_MAX 128
#endif

// Nodes of the subject table: one for each distinct prefix of the subjects subscribed to.
// At most 1,048,575. 16 / 32 B each, and 2 / 16 B of hash buckets.
#ifndef MIDGE_NODES_MAX
#define MIDGE_NODES_MAX (MIDGE_SUBSCRIPTIONS_MAX * 2)
#endif

// Queue groups: one for each pair of subject and queue name. 10 / 20 B each.
#ifndef MIDGE_GROUPS_MAX
#define MIDGE_GROUPS_MAX 16
#endif

// Cells of 24 B that hold interned text: subject tokens, queue names, long sids, names of clients.
// A text takes one cell for its first 16 / 10 bytes and one for each further 22 / 20.
#ifndef MIDGE_TEXTS_MAX
#define MIDGE_TEXTS_MAX (MIDGE_SUBSCRIPTIONS_MAX * 2)
#endif

// Blocks carry everything that is queued: output, unfinished input, payloads. One pool for all.
// MIDGE_BLOCK_BYTES each, with a header of 6 / 10 B inside. Blocks: 8..16,000,000; bytes:
// 128..32,768.
#ifndef MIDGE_BLOCKS_MAX
#define MIDGE_BLOCKS_MAX 56
#endif
#ifndef MIDGE_BLOCK_BYTES
#define MIDGE_BLOCK_BYTES 256
#endif

// Blocks that a connection can always have, whatever the others hold. At least one for input and
// one for output.
#ifndef MIDGE_BLOCKS_GUARANTEED
#define MIDGE_BLOCKS_GUARANTEED 2
#endif

// Tokens in the subject of a subscription; a longer one is refused. 4..2,048. 28 / 44 B each, once.
#ifndef MIDGE_TOKENS_MAX
#define MIDGE_TOKENS_MAX 16
#endif

// A control line without its verb and line end, the upper bound of max_control_line. 256..65,000 B.
#ifndef MIDGE_CONTROL_LINE_MAX
#define MIDGE_CONTROL_LINE_MAX 1024
#endif

// Entries of the cache from subject to match result, a power of two, and the longest subject that
// one holds, 1..255 B, and the most nodes, 1..255. (16 + subject + 2 or 4 x nodes) B each.
#ifndef MIDGE_CACHE_ENTRIES
#define MIDGE_CACHE_ENTRIES 16
#endif
#ifndef MIDGE_CACHE_SUBJECT_BYTES
#define MIDGE_CACHE_SUBJECT_BYTES 48
#endif
#ifndef MIDGE_CACHE_NODES
#define MIDGE_CACHE_NODES 4
#endif

// Messages of one read whose matches are looked for together, 1..64, so that the cache misses of a
// large table overlap: for processors with caches. About 500 B each, and 8 x MIDGE_TOKENS_MAX.
#ifndef MIDGE_MATCH_AHEAD
#define MIDGE_MATCH_AHEAD 1
#endif

// Closed connections that /connz?state=closed remembers, with MIDGE_MONITOR_HUB. 0..65,000. About
// 120 B each.
#ifndef MIDGE_CLOSED_MAX
#define MIDGE_CLOSED_MAX (MIDGE_MONITOR_HUB ? 8 : 0)
#endif

// The ring of log lines between the broker and whoever prints them. 512 B or more.
#ifndef MIDGE_LOG_BYTES
#define MIDGE_LOG_BYTES 1024
#endif

// The longest log line; what is longer is cut. 80..32,768 B, once.
#ifndef MIDGE_LOG_LINE_BYTES
#define MIDGE_LOG_LINE_BYTES 160
#endif

// Whether what becomes of clients can be logged (`debug: true`), and their commands and messages
// (`trace: true`). 0 leaves out what that takes, 2.1 KB of flash; the options are then without
// effect, and their reader is told.
#ifndef MIDGE_TRACE
#define MIDGE_TRACE 1
#endif

// Whether the wall clock may be unknown at first, as on a chip that asks a time server: the options
// `clock` and `time_server`.
#ifndef MIDGE_CLOCK
#define MIDGE_CLOCK 0
#endif

// Whether clients can speak TLS, which the port then provides. 0 leaves out what that takes.
#ifndef MIDGE_TLS
#define MIDGE_TLS 0
#endif

// Whether TLS has all that the hub's has. 0 leaves what clients agree on with a chip: ECDSA with
// P-256, X25519, SHA-256, AES-128-GCM and ChaCha20-Poly1305; one certificate, in DER only.
#ifndef MIDGE_TLS_HUB
#define MIDGE_TLS_HUB 0
#endif

// Whether monitoring speaks it too.
#define MIDGE_HTTPS (MIDGE_TLS && MIDGE_TLS_HUB && MIDGE_MONITOR_HUB && MIDGE_CONFIG_HUB)

// Whether peers' certificates, and one's own, may have RSA keys: 12 KB of flash on a chip.
#ifndef MIDGE_TLS_RSA
#define MIDGE_TLS_RSA MIDGE_TLS_HUB
#endif

// Whether clients can be asked for a certificate: `verify`, `verify_and_map`, `pinned_certs`. It
// takes a clock to tell whether one is valid. 0 leaves these options out, and 8 KB of flash.
#ifndef MIDGE_TLS_VERIFY
#define MIDGE_TLS_VERIFY 1
#endif

// Whether ChaCha20-Poly1305 is spoken beside AES-128-GCM, which whoever speaks TLS 1.3 has to (RFC
// 8446, 9.1): 5 KB of flash on a chip.
#ifndef MIDGE_TLS_CHACHA
#define MIDGE_TLS_CHACHA 1
#endif

// The largest record that a client may send, and that it is sent: both lie in its memory. Stock
// clients send 16,384 B and negotiate nothing less; 4,096 or 2,048 do for those that are known to
// send no more at a time. In: 2,048..16,384; out: 1,024..16,384, and as long as the certificates
// that are shown, with 100 B.
#ifndef MIDGE_TLS_IN_BYTES
#define MIDGE_TLS_IN_BYTES 16384
#endif
#ifndef MIDGE_TLS_OUT_BYTES
#define MIDGE_TLS_OUT_BYTES 4096
#endif

// Connections under TLS at one time, and what each takes: beside its records 5,632 B, or with
// MIDGE_TLS_HUB 12,288 B for the usual certificates. Who wants more is refused. What all of them
// compute with takes MIDGE_TLS_NUMBERS_BYTES: 16 KB, and up to 2 KB for each handshake under way;
// or without MIDGE_TLS_HUB 5 KB, and 250 B for each. The set of certificates in force, and the one
// that takes its place, take MIDGE_TLS_SET_BYTES each.
#ifndef MIDGE_TLS_MAX
#define MIDGE_TLS_MAX 4
#endif
#ifndef MIDGE_TLS_BYTES
#define MIDGE_TLS_BYTES (MIDGE_TLS_IN_BYTES + MIDGE_TLS_OUT_BYTES + (MIDGE_TLS_HUB ? 12288 : 5632))
#endif
#ifndef MIDGE_TLS_NUMBERS_BYTES
#define MIDGE_TLS_NUMBERS_BYTES 16384
#endif
#ifndef MIDGE_TLS_SET_BYTES
#define MIDGE_TLS_SET_BYTES 16384
#endif

// Remotes that are called under TLS, each with two sets of certificates of its own. 0 leaves out
// what calling takes.
#ifndef MIDGE_TLS_REMOTES
#define MIDGE_TLS_REMOTES 0
#endif

// Handshakes of one address at a time; others of it wait. A flood from one place so delays no
// other.
#ifndef MIDGE_TLS_HANDSHAKES
#define MIDGE_TLS_HANDSHAKES 1
#endif

// Cipher suites, curves and fingerprints that a configuration can name. 2, 2 and 4 B each.
#ifndef MIDGE_TLS_CIPHERS_MAX
#define MIDGE_TLS_CIPHERS_MAX 32
#endif
#ifndef MIDGE_TLS_CURVES_MAX
#define MIDGE_TLS_CURVES_MAX 8
#endif
// Certificates among which a client chooses by the name that it asks for, or by what it can verify.
#ifndef MIDGE_TLS_CERTS_MAX
#define MIDGE_TLS_CERTS_MAX (MIDGE_TLS_HUB ? 16 : 1)
#endif
#ifndef MIDGE_TLS_PINS_MAX
#define MIDGE_TLS_PINS_MAX 8
#endif

// Whether a configuration is read as nats-server reads it, to the last word: with variables,
// includes and dates; with the options that take files or features to come, every other name of an
// option, flags and reloads; and with nats-server's sentences. 0 leaves the grammar, what a chip
// can carry out, and complaints of what was expected where: 13 KB less of flash.
#ifndef MIDGE_CONFIG_HUB
#define MIDGE_CONFIG_HUB 0
#endif

// Whether monitoring has all that nats-server's has. 0 leaves what tells of this broker: /varz,
// /connz and /subsz without times of day and without what is always the same here, and /healthz;
// open clients, in the order of their cids, with offset, limit and subs=1; one request a
// connection: 9 KB less of flash, and 300 B of RAM.
#ifndef MIDGE_MONITOR_HUB
#define MIDGE_MONITOR_HUB 0
#endif

// Whether users may have an NKey in place of a password, and be bound to kinds of connections. 1
// wants Ed25519 of the port, 15 KB of flash, and 16 B for each connection.
#ifndef MIDGE_NKEYS
#define MIDGE_NKEYS 0
#endif

// Replies that clients may publish because they were asked (`allow_responses`), a multiple of 4, up
// to 65,532. 12 / 16 B each, and their subjects are texts. 0 leaves the option out, and 700 B of
// flash.
#ifndef MIDGE_RESPONSES_MAX
#define MIDGE_RESPONSES_MAX 0
#endif

// The cost up to which bcrypt hashes of passwords and tokens are taken: 2^cost rounds of some 1,000
// encryptions each, of which a turn does MIDGE_BCRYPT_SLICE: about a millisecond's. Cost 31 is any.
// 0 leaves them out, and 5 KB of flash and 4.5 KB of RAM.
#ifndef MIDGE_BCRYPT_COST_MAX
#define MIDGE_BCRYPT_COST_MAX 0
#endif
#ifndef MIDGE_BCRYPT_SLICE
#define MIDGE_BCRYPT_SLICE 48
#endif

// Cells for addresses whose clients were refused, and that have to wait therefore, up to 65,535. 8
// B each. 0 leaves that out, and 300 B of flash.
#ifndef MIDGE_OFFENDERS_MAX
#define MIDGE_OFFENDERS_MAX 0
#endif

// Whether a client's CONNECT may have to wait for its answer.
#define MIDGE_JUDGING (MIDGE_BCRYPT_COST_MAX > 0 || MIDGE_OFFENDERS_MAX > 0)

// Configuration: bytes of all its text, users, permission sets, and subjects in those sets.
#ifndef MIDGE_CONFIG_TEXT_BYTES
#define MIDGE_CONFIG_TEXT_BYTES 1024
#endif
#ifndef MIDGE_USERS_MAX
#define MIDGE_USERS_MAX 8
#endif
#ifndef MIDGE_PERMISSIONS_MAX
#define MIDGE_PERMISSIONS_MAX 8
#endif
#ifndef MIDGE_PERMISSION_SUBJECTS_MAX
#define MIDGE_PERMISSION_SUBJECTS_MAX 32
#endif

// Most that one read of a publisher waits for a receiver that is slow, and after which who takes
// nothing must give way; and how long an unfinished payload may stand still. Where no kernel
// buffers, every burst would otherwise look like a slow receiver, and so would each lost segment.
#ifndef MIDGE_STALL_MS
#define MIDGE_STALL_MS 3000
#endif
#ifndef MIDGE_PAYLOAD_IDLE_MS
#define MIDGE_PAYLOAD_IDLE_MS 30000
#endif

// Reading a configuration: how deep maps and arrays (includes and variables too) may nest, up to
// 255, and with MIDGE_CONFIG_HUB the keys in the maps that are open at one time. 1 B of stack a
// level, or with that 60 / 88 B, and 56 / 88 B a key.
#ifndef MIDGE_CONFIG_KEYS_MAX
#define MIDGE_CONFIG_KEYS_MAX 24
#endif
#ifndef MIDGE_CONFIG_DEPTH_MAX
#define MIDGE_CONFIG_DEPTH_MAX 10
#endif

// Handlers of the application in the same process (midge_subscribe). 16 / 24 B each.
#ifndef MIDGE_HANDLERS_MAX
#define MIDGE_HANDLERS_MAX 8
#endif

// The largest payload, headers included. Up to 1,073,741,824 B; it costs blocks only while one
// is on its way.
#ifndef MIDGE_PAYLOAD_MAX
#define MIDGE_PAYLOAD_MAX 4096
#endif

// The index type of every table. 0 is "none" in all of them. MIDGE_WIDE makes it 32 bits in any
// case: for tests, which so take a hub's ways through small tables.
#if !defined(MIDGE_WIDE) && MIDGE_SUBSCRIPTIONS_MAX < 65535 && MIDGE_NODES_MAX < 4096 && \
    MIDGE_TEXTS_MAX < 65535 && MIDGE_BLOCKS_MAX < 65535 && MIDGE_GROUPS_MAX < 65535
typedef uint16_t index_t;
#else
typedef uint32_t index_t;
#endif

_Static_assert(MIDGE_CONNECTIONS_MAX >= 4 && MIDGE_CONNECTIONS_MAX <= 65000,
               "MIDGE_CONNECTIONS_MAX: 4..65,000, since a handle has 16 bits for the index");
_Static_assert(
    MIDGE_NODES_MAX < (sizeof(index_t) == 4 ? 1 << 20 : 1 << 12),
    "MIDGE_NODES_MAX: below 1,048,576, or 4,096 where indices have 16 bits, since a node "
    "counts its children in so many bits");
_Static_assert(MIDGE_BLOCK_BYTES >= 128 && MIDGE_BLOCK_BYTES <= 32768,
               "MIDGE_BLOCK_BYTES: 128..32,768, since a run's length has 15 bits");
_Static_assert(MIDGE_BLOCKS_GUARANTEED >= 2,
               "MIDGE_BLOCKS_GUARANTEED: at least 2, one for input and one for output");
_Static_assert(MIDGE_CONNECTIONS_MAX *MIDGE_BLOCKS_GUARANTEED < MIDGE_BLOCKS_MAX,
               "MIDGE_BLOCKS_MAX must exceed what all connections are guaranteed: raise it, or "
               "lower MIDGE_CONNECTIONS_MAX");
_Static_assert(MIDGE_ADDRESS_BYTES == 16 || MIDGE_ADDRESS_BYTES == 4,
               "MIDGE_ADDRESS_BYTES: 16, or 4 without IPv6");
_Static_assert(
    MIDGE_PERMISSION_SUBJECTS_MAX <= 65535,
    "MIDGE_PERMISSION_SUBJECTS_MAX: at most 65,535, since a list has 16 bits for each end");
_Static_assert(MIDGE_USERS_MAX < 65535 && MIDGE_PERMISSIONS_MAX < 65535,
               "MIDGE_USERS_MAX and MIDGE_PERMISSIONS_MAX: below 65,535, since a connection has 16 "
               "bits for each");
_Static_assert(MIDGE_CONNECTIONS_SPARE >= 1 && MIDGE_CONNECTIONS_SPARE < MIDGE_CONNECTIONS_MAX,
               "MIDGE_CONNECTIONS_SPARE: 1 or more, below MIDGE_CONNECTIONS_MAX");
_Static_assert(
    (MIDGE_BLOCKS_MAX - (MIDGE_CONNECTIONS_MAX - 1) * MIDGE_BLOCKS_GUARANTEED) *
            (MIDGE_BLOCK_BYTES - 10ll) >=
        MIDGE_PAYLOAD_MAX + MIDGE_CONTROL_LINE_MAX + 2ll,
    "MIDGE_BLOCKS_MAX must hold one message of MIDGE_PAYLOAD_MAX bytes beside what all other "
    "connections are guaranteed: raise it, or lower MIDGE_PAYLOAD_MAX");
_Static_assert(
    MIDGE_SUBSCRIPTIONS_MAX >= 8 && MIDGE_SUBSCRIPTIONS_MAX <= 16000000 && MIDGE_TEXTS_MAX >= 8 &&
        MIDGE_TEXTS_MAX <= 16000000,
    "MIDGE_SUBSCRIPTIONS_MAX and MIDGE_TEXTS_MAX: 8..16,000,000, since a link has 24 bits "
    "for an index");
_Static_assert(
    sizeof(index_t) == 4 || MIDGE_SUBSCRIPTIONS_MAX + MIDGE_NODES_MAX + MIDGE_GROUPS_MAX +
                                    4 * MIDGE_CONNECTIONS_MAX + 4 * MIDGE_CLOSED_MAX +
                                    MIDGE_RESPONSES_MAX <
                                65536,
    "what may share a text is counted in 16 bits: lower the limits, or raise MIDGE_NODES_MAX "
    "to 4,096 for indices of 32 bits");
_Static_assert(MIDGE_CACHE_ENTRIES >= 1 && (MIDGE_CACHE_ENTRIES & (MIDGE_CACHE_ENTRIES - 1)) == 0,
               "MIDGE_CACHE_ENTRIES must be a power of two");
_Static_assert(MIDGE_CACHE_SUBJECT_BYTES >= 1 && MIDGE_CACHE_SUBJECT_BYTES <= 255 &&
                   MIDGE_CACHE_NODES >= 1 && MIDGE_CACHE_NODES <= 255,
               "MIDGE_CACHE_SUBJECT_BYTES and MIDGE_CACHE_NODES: 1..255");
_Static_assert(MIDGE_LOG_LINE_BYTES >= 80 && MIDGE_LOG_LINE_BYTES + 3 <= MIDGE_LOG_BYTES,
               "MIDGE_LOG_BYTES must hold a line of MIDGE_LOG_LINE_BYTES, 80 or more, and 3 bytes");
_Static_assert(
    MIDGE_RESPONSES_MAX >= 0 && MIDGE_RESPONSES_MAX <= 65532 && MIDGE_RESPONSES_MAX % 4 == 0,
    "MIDGE_RESPONSES_MAX: a multiple of 4 up to 65,532, since it is a table of sets of 4");
_Static_assert(MIDGE_BCRYPT_COST_MAX == 0 ||
                   (MIDGE_BCRYPT_COST_MAX >= 4 && MIDGE_BCRYPT_COST_MAX <= 31),
               "MIDGE_BCRYPT_COST_MAX: 0, or 4..31");
_Static_assert(MIDGE_BCRYPT_SLICE >= 1, "MIDGE_BCRYPT_SLICE: 1 or more");
_Static_assert(MIDGE_OFFENDERS_MAX >= 0 && MIDGE_OFFENDERS_MAX <= 65535,
               "MIDGE_OFFENDERS_MAX: 0..65,535");
_Static_assert(MIDGE_MATCH_AHEAD >= 1 && MIDGE_MATCH_AHEAD <= 64, "MIDGE_MATCH_AHEAD: 1..64");
_Static_assert(MIDGE_CONFIG_DEPTH_MAX >= 7 && MIDGE_CONFIG_DEPTH_MAX <= 255,
               "MIDGE_CONFIG_DEPTH_MAX: 7..255, since a user's subjects lie 7 levels deep");
_Static_assert(MIDGE_CONTROL_LINE_MAX >= 256 && MIDGE_CONTROL_LINE_MAX <= 65000,
               "MIDGE_CONTROL_LINE_MAX: 256..65,000 bytes");
_Static_assert(MIDGE_TOKENS_MAX >= 4 && MIDGE_TOKENS_MAX <= 2048, "MIDGE_TOKENS_MAX: 4..2,048");
_Static_assert(MIDGE_TLS_BYTES % 8 == 0 && MIDGE_TLS_BYTES <= 524280 &&
                   MIDGE_TLS_SET_BYTES % 8 == 0 && MIDGE_TLS_SET_BYTES <= 524280,
               "MIDGE_TLS_BYTES and MIDGE_TLS_SET_BYTES: at most 524,280, and multiples of 8");
_Static_assert(MIDGE_TLS_IN_BYTES >= 2048 && MIDGE_TLS_IN_BYTES <= 16384 &&
                   MIDGE_TLS_OUT_BYTES >= 1024 && MIDGE_TLS_OUT_BYTES <= 16384,
               "MIDGE_TLS_IN_BYTES: 2,048..16,384, and MIDGE_TLS_OUT_BYTES: 1,024..16,384");
_Static_assert((MIDGE_TLS_VERIFY && MIDGE_TLS_CHACHA) || !MIDGE_TLS_HUB,
               "MIDGE_TLS_VERIFY and MIDGE_TLS_CHACHA: 1 with MIDGE_TLS_HUB, which has all");
_Static_assert(MIDGE_TLS_VERIFY || MIDGE_TLS_REMOTES == 0,
               "MIDGE_TLS_REMOTES: 0 without MIDGE_TLS_VERIFY, by which those are known");
_Static_assert(MIDGE_TLS_MAX >= 1 && MIDGE_TLS_MAX < 65535, "MIDGE_TLS_MAX: 1..65,534");

#endif
