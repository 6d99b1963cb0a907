// What auth keeps of those who want to come in: a password that is being hashed (auth/bcrypt.h),
// and addresses that failed (auth/offence.h).

#ifndef CORE_JUDGE_H
#define CORE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#define BCRYPT_P 18
#define BCRYPT_HASH_CHARS 31  // behind those of the salt
#define BCRYPT_PI_WORDS (BCRYPT_P + 4 * 256)

// A comparison under way: 4.4 KB.
struct bcrypt {
    union {
        struct {
            uint32_t p[BCRYPT_P];
            uint32_t s[4][256];
        };
        uint32_t words[BCRYPT_PI_WORDS];  // both, as they are filled
    };
    uint32_t key[BCRYPT_P];  // the password, repeated
    uint32_t salt[4];
    uint32_t left, right;  // what was encrypted last
    uint32_t at;           // how far the words are filled
    uint64_t passes;       // over the words that are left, an even number: by the key, by the salt
    bool salted;           // this is the first pass, which takes both
    char hash[BCRYPT_HASH_CHARS];
};

// A cell of the table of addresses.
struct offender {
    uint32_t since_ms;  // when the failures that count began, or when the wait is over
    uint8_t failures;
    uint8_t waits;  // one after another: the next is 2^waits s
};

#endif
