// Reads options: the pairs of a text.

#include "broker/auth/bcrypt.h"
#include "broker/conf/authorization.h"
#include "broker/conf/hub.h"
#include "broker/conf/number.h"
#include "broker/conf/option.h"
#include "broker/conf/quantity.h"
#include "broker/conf/tls.h"
#include "broker/conf/value.h"
#include "broker/core/chars.h"

#define TEXT(number) #number
#define TEXT_OF(number) TEXT(number)

// Of a hash that would take this build too long.
#if MIDGE_BCRYPT_COST_MAX > 0
static const char hash_above[] = SAY("%q is a bcrypt hash of a cost above the maximum of this "
                                     "build, " TEXT_OF(MIDGE_BCRYPT_COST_MAX),
                                     "bcrypt of cost " TEXT_OF(MIDGE_BCRYPT_COST_MAX) " or less");
#else
static const char hash_above[] =
    SAY("bcrypt, as in %q, is not built into this midge yet", "no bcrypt hash");
#endif

static void read_text(struct reader *r, const struct option *o, midge_text *to,
                      const struct entry *e) {
    midge_text t = value_keep(r, e, value_text(r, e));
    const char *text = midge_config_text(r->config, t);
    if (o->kind == OPTION_NAME && chars_find(text, ' ') != NULL)
        value_complain(r, e, SAY("server name cannot contain spaces", "no spaces"));
    else if (o->kind == OPTION_PASSWORD && bcrypt_is_hash(text) && !option_hashes(text))
        value_complain(r, e, hash_above);
    else
        *to = t;
}

// Reads `host:port` or a port alone. Answers NULL, or what is wrong with it: a sentence, and the
// word that it takes.
static const char *address_of(struct reader *r, const struct entry *e, struct word *host,
                              number_t *port, struct word *wrong) {
    struct word digits;
    *host = word("");
    *port = e->integer;
    if (e->value.kind == ITEM_INTEGER)
        return NULL;
    if (e->value.kind != ITEM_TEXT) {
        *wrong = value_go_type(e);
        return SAY("expected port or host:port, got %s", "host:port");
    }
    *wrong = value_text(r, e);
    if (value_address(*wrong, host, &digits) != NULL)
        return SAY("could not parse address string %q", "host:port");
    *wrong = digits;
    return decimal_read(digits, port) ? NULL : SAY("could not parse port %q", "host:port");
}

static void read_listen(struct reader *r, midge_text *to, const struct entry *e) {
    struct word host, wrong;
    number_t port;
    const char *sentence = address_of(r, e, &host, &port, &wrong);
    if (sentence == NULL) {
        to[0] = value_keep(r, e, host);
        option_set_port((int32_t *)(to + 1), port);
    } else {
        reader_complain(r, &e->at, sentence, &wrong);
        reader_skip(r, e);
    }
}

// The kind of value that an option takes; ITEM_ERROR where its own reader judges that.
static enum item_kind taken(const struct option *o) {
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        return ITEM_BOOL;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_PAYLOAD:
    case OPTION_LIMIT:
    case OPTION_TOKENS:
    case OPTION_PORT:
    case OPTION_SIZE:
#if MIDGE_RESPONSES_MAX > 0
    case OPTION_REPLIES:
#endif
        return ITEM_INTEGER;
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_PASSWORD:
#if MIDGE_NKEYS
    case OPTION_NKEY:
#endif
    case OPTION_DURATION:
    case OPTION_WRITE_TIMEOUT:
#if MIDGE_CLOCK
    case OPTION_CLOCK:
#endif
        return ITEM_TEXT;
    case OPTION_USERS:
        return ITEM_ARRAY;
#if MIDGE_TLS
    case OPTION_TLS:
        return ITEM_MAP;
#endif
    case OPTION_AUTHORIZATION:
    case OPTION_PERMISSIONS:
        return ITEM_MAP;
    default:
        return ITEM_ERROR;
    }
}

static void read_option(struct reader *r, const struct option *o, void *into,
                        const struct entry *e) {
    void *to = option_member(o, into);
    enum item_kind kind = taken(o);
#if MIDGE_TLS
    if (o->place == PLACE_TLS) {
        tls_option_read(r, o, into, e);
        return;
    }
#endif
    const char *sentence = o->kind == OPTION_USERS
                               ? SAY("Expected users field to be an array, got %s", NULL)
                           : o->kind == OPTION_PERMISSIONS
                               ? SAY("Expected permissions to be a map/struct, got %s", NULL)
                               : NULL;
    if (kind != ITEM_ERROR && !value_expect(r, e, kind, sentence))
        return;
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        option_set_switch(o, into, value_true(e));
        break;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_PAYLOAD:
    case OPTION_LIMIT:
    case OPTION_TOKENS:
    case OPTION_SECONDS:
    case OPTION_TIMEOUT:
    case OPTION_DURATION:
        quantity_read(r, o, into, e);
        break;
    case OPTION_PORT:
        option_set_port(to, e->integer);
        break;
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_PASSWORD:
#if MIDGE_NKEYS
    case OPTION_NKEY:
#endif
        read_text(r, o, to, e);
        break;
    case OPTION_LISTEN:
        read_listen(r, to, e);
        break;
#if MIDGE_RESPONSES_MAX > 0
    case OPTION_RESPONSES:
        responses_read(r, into, e);
        break;
    case OPTION_REPLIES:
        if (e->integer != 0)
            *(int32_t *)to = e->integer < 0           ? -1
                             : e->integer > INT32_MAX ? INT32_MAX
                                                      : (int32_t)e->integer;
        break;
    case OPTION_EXPIRES:
        quantity_expires(r, to, e);
        break;
#endif
#if MIDGE_NKEYS
    case OPTION_KINDS:
        *(uint8_t *)to = kinds_read(r, e);
        break;
#endif
    case OPTION_AUTHORIZATION:
        authorization_read(r, e);
        break;
    case OPTION_USERS:
        users_read(r);
        break;
#if MIDGE_TLS
    case OPTION_TLS:
        tls_read(r, e);
        break;
    case OPTION_REFUSED:
        tls_refuse(r, e);
        break;
#endif
#if MIDGE_CLOCK
    case OPTION_CLOCK:
        *(bool *)to = word_same(value_text(r, e), word("build"));
        if (!*(bool *)to)
            value_complain(r, e, SAY("%q is not build", "build"));
        break;
#endif
    case OPTION_PERMISSIONS:
        *(uint32_t *)to = permissions_read(r, e);
        break;
    case OPTION_PUBLISH:
    case OPTION_SUBSCRIBE:
        rule_read(r, to, e, o->kind == OPTION_SUBSCRIBE);
        break;
    case OPTION_SUBJECTS:
    case OPTION_QUEUES:
        *(struct midge_list *)to = subjects_read(r, e, o->kind == OPTION_QUEUES);
        break;
    default:
        if (MIDGE_CONFIG_HUB)
            hub_read(r, o, to, e);
    }
}

// A block and the maps in it are read by this again: five levels, no more.
void options_read(struct reader *r, enum option_place place, void *into, struct entry *e) {
    const char *sentence =
        MIDGE_TLS && place == PLACE_TLS
            ? SAY("error parsing tls config, unknown field %q", "an option instead of %q")
        : place == PLACE_PERMISSIONS || place == PLACE_RESPONSES
            ? SAY("Unknown field %q parsing permissions", "an option instead of %q")
        : place > PLACE_PERMISSIONS
            ? SAY("Unknown field name %q parsing subject permissions, only 'allow' or 'deny' are "
                  "permitted",
                  "an option instead of %q")
            : SAY("unknown field %q", "an option instead of %q");
    while (reader_next(r, e)) {
        const struct option *o = options;
        const struct option *end = options + options_count;
        while (o < end && (o->place != place || !word_is(e->key, o->names, true)))
            o++;
        if (o < end) {
            read_option(r, o, into, e);
        } else {
            reader_unknown(r, e, sentence);
            reader_skip(r, e);
        }
    }
}
