// What joins a client to a site: bytes travel with a delay, in runs, within a window, in order; or
// not at all, where the cable is dead.

#ifndef SIM_CABLE_H
#define SIM_CABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

struct world;
struct site;
struct cable;
struct pipe;

// A cable from an actor to its site, with traits that suit it. NULL where there is none left.
struct cable *cable_open(struct world *w, uint32_t actor);

// The site's end is closed, by a reset where what is on its way is lost.
void cable_end(struct world *w, struct cable *c, bool reset);

// The client's end is closed: with an end, with a reset, or without a word.
enum leave { LEAVE_END, LEAVE_RESET, LEAVE_SILENT };
void cable_leave(struct world *w, struct cable *c, enum leave how);

// All cables of a site carry nothing from now on, and nobody knows.
void cable_lose(struct world *w, const struct site *s);

// Puts bytes into a pipe; there must be room. They travel once cable_flow is called.
void cable_write(struct pipe *p, const uint8_t *bytes, uint32_t n);
void cable_flow(struct world *w, struct cable *c, struct pipe *p);

// The bytes from `from` on, before `to`, that lie in one piece.
const uint8_t *cable_run(const struct pipe *p, uint64_t from, uint64_t to, uint32_t *n);

// Whether a pipe holds these bytes at that place.
bool cable_holds(const struct pipe *p, uint64_t at, const uint8_t *bytes, uint32_t n);

// Its events: a run arrives at the site, at the client; the site hears that the client has it.
void cable_up(struct world *w, struct cable *c);
void cable_down(struct world *w, struct cable *c);
void cable_ack(struct world *w, struct cable *c);

#endif
