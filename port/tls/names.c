#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for what is one relative name with the next

#include "port/tls/names.h"

#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/sha256.h>

#define NAMES_MAX 64
#define SHOWN_MAX 8
#define TEXT_BYTES 4096

static struct midge_tls_name names[NAMES_MAX];
static struct midge_tls_shown shown[SHOWN_MAX];
static char text[TEXT_BYTES];
static uint32_t text_bytes;

// ---- Text ---------------------------------------------------------------------------------------

static void add(const char *bytes, size_t n) {
    uint32_t room = TEXT_BYTES - text_bytes;
    uint32_t part = n < room ? (uint32_t)n : room;
    memcpy(text + text_bytes, bytes, part);
    text_bytes += part;
}

static void add_text(const char *bytes) {
    add(bytes, strlen(bytes));
}

// ---- Subjects -----------------------------------------------------------------------------------

struct attribute {
    const char *oid;
    uint8_t oid_bytes;
    const char *name;
};

// In the order in which they are shown.
static const struct attribute known[] = {
    {"\x55\x04\x05", 3, "SERIALNUMBER"},
    {"\x55\x04\x03", 3, "CN"},
    {"\x55\x04\x11", 3, "POSTALCODE"},
    {"\x55\x04\x09", 3, "STREET"},
    {"\x55\x04\x08", 3, "ST"},
    {"\x55\x04\x07", 3, "L"},
    {"\x55\x04\x0b", 3, "OU"},
    {"\x55\x04\x0a", 3, "O"},
    {"\x55\x04\x06", 3, "C"},
};

static const struct attribute domain_component = {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10,
                                                  "DC"};

static bool is(const mbedtls_x509_name *part, const struct attribute *attribute) {
    return part->oid.len == attribute->oid_bytes &&
           memcmp(part->oid.p, attribute->oid, attribute->oid_bytes) == 0;
}

static const struct attribute *attribute_of(const mbedtls_x509_name *part) {
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (is(part, &known[i]))
            return &known[i];
    }
    return is(part, &domain_component) ? &domain_component : NULL;
}

static void add_value(const mbedtls_x509_name *part) {
    for (size_t i = 0; i < part->val.len; i++) {
        char c = (char)part->val.p[i];
        bool edge = i == 0 || i + 1 == part->val.len;
        if (strchr(",+\"\\<>;", c) != NULL || (c == ' ' && edge) || (c == '#' && i == 0))
            add("\\", 1);
        add(&c, 1);
    }
}

static void add_separator(uint32_t begin, const char *separator) {
    if (text_bytes > begin)
        add_text(separator);
}

static void add_attribute(const mbedtls_x509_name *part, const struct attribute *attribute) {
    add_text(attribute->name);
    add_text("=");
    add_value(part);
}

// As pkix.Name has it: attributes in an order of its own, and all of one kind in one.
static void add_usual(const mbedtls_x509_name *subject, uint32_t begin) {
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *separator = ",";
        for (const mbedtls_x509_name *part = subject; part != NULL; part = part->next) {
            if (!is(part, &known[i]))
                continue;
            add_separator(begin, separator);
            add_attribute(part, &known[i]);
            separator = "+";
        }
    }
}

static const mbedtls_x509_name *before(const mbedtls_x509_name *first,
                                       const mbedtls_x509_name *part) {
    if (part == first)
        return NULL;
    while (first->next != part)
        first = first->next;
    return first;
}

static const mbedtls_x509_name *last_of(const mbedtls_x509_name *part) {
    while (part->next != NULL)
        part = part->next;
    return part;
}

// As a distinguished name of LDAP has it: from the last to the first, as they are. False where an
// attribute is of a kind that nats-server does not compare.
static bool add_distinguished(const mbedtls_x509_name *subject, uint32_t begin) {
    for (const mbedtls_x509_name *part = last_of(subject); part != NULL;
         part = before(subject, part)) {
        const struct attribute *attribute = attribute_of(part);
        if (attribute == NULL)
            return false;
        add_separator(begin, part->next_merged ? "+" : ",");
        add_attribute(part, attribute);
    }
    return text_bytes > begin;
}

static bool add_domain(const mbedtls_x509_name *subject, uint32_t begin) {
    bool any = false;
    for (const mbedtls_x509_name *part = last_of(subject); part != NULL;
         part = before(subject, part)) {
        if (!is(part, &domain_component))
            continue;
        add_separator(begin, ",");
        add_attribute(part, &domain_component);
        any = true;
    }
    return any;
}

// ---- All of them --------------------------------------------------------------------------------

static void take(struct midge_tls *told, enum midge_tls_name_kind kind, const char *bytes,
                 size_t n) {
    if (told->names_count == NAMES_MAX || n == 0)
        return;
    names[told->names_count++] = (struct midge_tls_name){bytes, (uint32_t)n, kind};
}

static void take_alternatives(const mbedtls_x509_crt *certificate, uint8_t tag,
                              enum midge_tls_name_kind kind, struct midge_tls *told) {
    for (const mbedtls_x509_sequence *s = &certificate->subject_alt_names; s != NULL; s = s->next) {
        if (s->buf.p != NULL && (s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == tag)
            take(told, kind, (const char *)s->buf.p, s->buf.len);
    }
}

static void take_subject(const mbedtls_x509_name *subject, struct midge_tls *told) {
    if (subject->oid.p == NULL)
        return;
    uint32_t begin = text_bytes;
    if (add_distinguished(subject, begin))
        take(told, MIDGE_TLS_DISTINGUISHED, text + begin, text_bytes - begin);
    else
        text_bytes = begin;
    begin = text_bytes;
    add_usual(subject, begin);
    if (add_domain(subject, begin))
        take(told, MIDGE_TLS_SUBJECT, text + begin, text_bytes - begin);
    else
        text_bytes = begin;
    begin = text_bytes;
    add_usual(subject, begin);
    take(told, MIDGE_TLS_SUBJECT, text + begin, text_bytes - begin);
}

void names_of(const mbedtls_x509_crt *certificate, struct midge_tls *told) {
    text_bytes = 0;
    told->certificate = true;
    told->names = names;
    take_alternatives(certificate, 1, MIDGE_TLS_EMAIL, told);
    take_alternatives(certificate, 2, MIDGE_TLS_DNS, told);
    take_alternatives(certificate, 6, MIDGE_TLS_URI, told);
    take_subject(&certificate->subject, told);
    mbedtls_sha256(certificate->pk_raw.p, certificate->pk_raw.len, told->key_sha256, 0);
}

void names_of_chain(const mbedtls_x509_crt *certificate, struct midge_tls *told) {
    told->shown = shown;
    for (const mbedtls_x509_crt *c = certificate; c != NULL && told->shown_count < SHOWN_MAX;
         c = c->next) {
        struct midge_tls_shown *to = &shown[told->shown_count++];
        uint32_t begin = text_bytes;
        add_usual(&c->subject, begin);
        to->subject = text + begin;
        to->subject_bytes = text_bytes - begin;
        mbedtls_sha256(c->pk_raw.p, c->pk_raw.len, to->key_sha256, 0);
        mbedtls_sha256(c->raw.p, c->raw.len, to->sha256, 0);
    }
}

// ---- Hosts --------------------------------------------------------------------------------------

static bool is_same(const char *a, const char *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char x = (char)(a[i] >= 'A' && a[i] <= 'Z' ? a[i] | 0x20 : a[i]);
        char y = (char)(b[i] >= 'A' && b[i] <= 'Z' ? b[i] | 0x20 : b[i]);
        if (x != y)
            return false;
    }
    return true;
}

// A star stands for the whole first label.
static bool stands_for(const char *pattern, size_t pattern_n, const char *name, size_t n) {
    if (pattern_n > 2 && memcmp(pattern, "*.", 2) == 0) {
        const char *dot = memchr(name, '.', n);
        if (dot == NULL || dot == name)
            return false;
        n -= (size_t)(dot - name);
        name = dot;
        pattern++;
        pattern_n--;
    }
    return pattern_n == n && is_same(pattern, name, n);
}

static bool is_kind(const mbedtls_x509_sequence *s, int kind) {
    return s->buf.p != NULL && (s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == kind;
}

bool names_have(const mbedtls_x509_crt *certificate, const char *name, size_t n) {
    if (n > 0 && name[n - 1] == '.')
        n--;
    for (const mbedtls_x509_sequence *s = &certificate->subject_alt_names; s != NULL; s = s->next) {
        if (is_kind(s, 2) && stands_for((const char *)s->buf.p, s->buf.len, name, n))
            return true;
    }
    return false;
}

bool names_have_address(const mbedtls_x509_crt *certificate, const uint8_t *ip, size_t n) {
    for (const mbedtls_x509_sequence *s = &certificate->subject_alt_names; s != NULL; s = s->next) {
        if (is_kind(s, 7) && s->buf.len == n && memcmp(s->buf.p, ip, n) == 0)
            return true;
    }
    return false;
}
