// What documents show beyond what lies ready: their lists, and the values that must be worked out.

#ifndef OPS_CONTENT_H
#define OPS_CONTENT_H

#include "broker/ops/document.h"

#define CONTENT_ACCOUNT "$G"  // the one account

enum {
    LIST_NOTHING,
    LIST_POOLS,
    LIST_CONNECTIONS,
    LIST_SUBJECTS,
    LIST_TABLE,
    // The rest is there with MIDGE_MONITOR_HUB only.
    LIST_DETAILS,
    LIST_ENDPOINTS,
    LIST_REQUESTS,
    LIST_TAGS,
    LIST_ACCOUNTS,
    LIST_STATS,
#if MIDGE_HTTPS
    LIST_SHOWN,
#endif
};

enum {
    WORDS_SERVER_NAME,
    WORDS_PLATFORM,
    WORDS_IP,
    WORDS_SUBJECT,
    WORDS_QUEUE,
    WORDS_SID,
    // The rest is there with MIDGE_MONITOR_HUB only.
    WORDS_HOST,
    WORDS_PATH,
    WORDS_TITLE,
    WORDS_TAG,
    WORDS_ACCOUNT,
    WORDS_NAME_TAG,
    WORDS_REASON,
#if MIDGE_TLS
    WORDS_TLS_VERSION,
    WORDS_TLS_CIPHER,
#endif
#if MIDGE_HTTPS
    WORDS_SHOWN_SUBJECT,
    WORDS_SHOWN_KEY,
    WORDS_SHOWN_HASH,
#endif
};

enum {
    COUNTED_CACHED,
    COUNTED_HIT_RATE,
    COUNTED_FANOUT_MOST,
    COUNTED_FANOUT_MEAN,
};

// Makes an answer of the connection's ready to be written, or to be written on.
void content_take_up(struct midge *m, struct conn *c, struct answer *a);

// Sees to what must be known before the first row. PROGRESS_LATER: call it again in another turn.
enum progress content_begin(struct answer *a);

// Of a list of so many entries, chooses those that offset and limit ask for.
void content_page(struct answer *a, uint32_t entries);

#endif
