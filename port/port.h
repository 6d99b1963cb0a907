// The contract between a board and the port that carries bytes, time and entropy to the broker.
//
// A port owns the sockets (or the stack's connections) and one loop turn; a board owns the
// configuration, the files and the signals. One port is linked into a program, so it may keep its
// state in statics. No function here blocks except port_turn, allocates after port_listen, or calls
// back other than as stated.

#ifndef MIDGE_PORT_H
#define MIDGE_PORT_H

#include "broker/broker.h"

// The time now, for midge_init and midge_turn.
struct midge_now port_now(void);

// Fills `to` with n bytes of entropy fit for keys; false where there is none.
bool port_entropy(void *to, uint32_t n);

// What struct midge_config asks for of Ed25519, where the build has NKeys (port/crypto.c).
// Verifying takes 1.3 million instructions and 3.4 KB of stack on a Cortex-M3.
bool port_verify(const uint8_t signature[64], const void *message, uint32_t n,
                 const uint8_t key[32]);
void port_sign(const uint8_t seed[32], const void *message, uint32_t n, uint8_t signature[64],
               uint8_t key[32]);

// The network of a chip, for ports that bring the stack themselves. `address`, `mask` and `gateway`
// are used where `dhcp` is false, and also where no DHCP server has answered for 10 s; one that
// answers later takes over. All zero: no address without DHCP.
struct port_network {
    uint8_t mac[6];
    bool dhcp;
    uint8_t address[4], mask[4], gateway[4];
    const char *host_name;  // told to the DHCP server, and known by mDNS; up to 31 characters
#if MIDGE_CLOCK
    // Who is asked for the time by SNTP, at start and then once an hour: a numeric address, or ""
    // for the server that DHCP names. What it says goes to `told`, which judges it.
    const char *time_server;
    void (*told)(uint64_t wall_us);
#endif
};

// Starts the MAC and the stack, before anything else of the port that concerns connections. The
// settings stay readable. False where the MAC does not answer.
bool port_network(const struct port_network *network);

// Prepares for up to `connections` connections besides the listeners and answers how many the
// system admits (descriptors, on POSIX), or a negative errno.
int32_t port_init(uint32_t connections);

// Listens for connections of one kind on `host`, a numeric address or a name ("" is any, IPv4 and
// IPv6), and `port` (-1: any free one). Answers the bound port, or a negative errno (lwIP: err_t).
int32_t port_listen(enum midge_kind kind, const char *host, int32_t port);

// Stops accepting connections of one kind; those that are open stay.
void port_unlisten(enum midge_kind kind);

#if MIDGE_TLS
// Texts in PEM, or one certificate or key in DER; in PEM the byte behind the last is a NUL.
struct port_text {
    const char *text;
    uint32_t bytes;  // 0: there is none
};

struct port_certificates {
    struct port_text chain, key, authorities;
    const struct port_pair {
        struct port_text chain, key;
    } * more;  // to choose from by what the client asks for, behind the first
    uint32_t more_count;
    bool listed;  // what is wrong is told with its place among them
};

// Prepares another set of certificates, beside the one in force: for the listeners, or for calls to
// the remote with this number, 1..MIDGE_TLS_REMOTES. That needs no certificate of its own, but
// authorities, unless options say `insecure`. NULL, or what is wrong with it in the words of Go's
// crypto/tls. Texts and options are copied.
#define PORT_LISTENERS 0
const char *port_certify(uint32_t remote, const struct midge_tls_options *options,
                         const struct port_certificates *certificates);

// What is known while the wall clock is not: that it is wall_us now, or later. A certificate of a
// peer that had ended by then is refused. So is every other, since it may have ended meanwhile,
// unless the floor `suffices`; then nobody asks either whether it has begun. Once the wall clock is
// known, all that is of no importance: who is connected by a certificate that the clock refuses is
// closed.
void port_floor(uint64_t wall_us, bool suffices);

// Puts what was prepared last in force, for handshakes that begin from now on. Who is connected
// stays so; a handshake that is still under way since the set before the last fails.
void port_certified(void);
#endif

// One turn: opens the broker's turn, waits for an event or its deadline, moves bytes both ways and
// carries out wishes. Signals are delivered only while it waits; it returns after each. `drain` is
// called whenever log lines may be waiting, often enough that a ring of MIDGE_LOG_BYTES suffices.
void port_turn(struct midge *m, void (*drain)(struct midge *m));

#endif
