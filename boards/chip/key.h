// An NKey that the device made itself, which it goes by where it connects to another: nobody else
// has ever had its seed, and only its public half is shown. It lies in the device's identity
// (boards/chip/identity.h), beside the credentials that it may have been given.

#ifndef CHIP_KEY_H
#define CHIP_KEY_H

#include "boards/chip/slots.h"
#include "broker/broker.h"

#if MIDGE_NKEYS
// Makes one and begins to write it: on trial where it takes the place of another, which it does
// only if `anew`. Answers whether it could, and what to say: once it is written, or why not. Takes
// 3 million instructions.
bool key_make(struct slots_work *work, bool anew, const char **what);

// It is written or given up: wipes what that took.
void key_forget(void);

// Tells the public halves of what the device goes by.
void key_tell(void);
#endif

#endif
