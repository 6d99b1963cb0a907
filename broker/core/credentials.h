// What a client gives to be let in, out of its CONNECT. core reads it, auth judges it.

#ifndef CORE_CREDENTIALS_H
#define CORE_CREDENTIALS_H

#include "broker/core/args.h"
#include "broker/limits.h"

// Each may be missing: no bytes at NULL.
struct credentials {
    struct word user, password, token;
#if MIDGE_NKEYS
    struct word nkey, signature;
#endif
};

#endif
