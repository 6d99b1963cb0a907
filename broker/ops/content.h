// What documents show beyond plain fields: their lists, and the values that must be worked out.

#ifndef OPS_CONTENT_H
#define OPS_CONTENT_H

#include "broker/ops/document.h"

#define CONTENT_ACCOUNT "$G"  // the one account

enum {
    LIST_ENDPOINTS = 1,
    LIST_REQUESTS,
    LIST_TAGS,
    LIST_POOLS,
    LIST_ACCOUNTS,
    LIST_STATS,
    LIST_CONNECTIONS,
    LIST_SUBJECTS,
    LIST_DETAILS,
    LIST_TABLE,
};

enum {
    WORDS_PATH,
    WORDS_TITLE,
    WORDS_SERVER_NAME,
    WORDS_HOST,
    WORDS_TAG,
    WORDS_ACCOUNT,
    WORDS_NAME_TAG,
    WORDS_IP,
    WORDS_REASON,
    WORDS_SUBJECT,
    WORDS_QUEUE,
    WORDS_SID,
};

enum {
    SPECIAL_TRUE,
    SPECIAL_REQUESTS,
    SPECIAL_ENTRY_BYTES,
    SPECIAL_CID,
    SPECIAL_CACHED,
    SPECIAL_HIT_RATE,
    SPECIAL_FANOUT_MOST,
    SPECIAL_FANOUT_MEAN,
};

// Makes `a` ready to be written, or to be written on.
void content_take_up(struct answer *a);

// Sees to what must be known before the first field. PROGRESS_LATER: call it again in another turn.
enum progress content_begin(struct answer *a);

#endif
