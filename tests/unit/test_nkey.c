// NKeys as texts, what is signed with them, and what a .creds file holds.

#include "tests/unit/broker.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/auth/creds.h"
#include "port/port.h"

// A pair that nats-server's own library knows: github.com/nats-io/nkeys, and nsc.
static const char seed_text[] = "SUAP33SDBVAL2V665LAYNTMXSABT2DYG7EE2RADOPTTOOF5LPR6VAKKYTQ";
static const char user_text[] = "UACHW2ZZ65X2ADK6QLLKQMGDTNXFRAHUZWGLMPNUGZDGLSILQUNQZQ7U";

static bool read_user(const char *text, uint8_t key[NKEY_BYTES]) {
    return nkey_read(NKEY_USER, (const uint8_t *)text, (uint32_t)strlen(text), key);
}

static bool read_seed(const char *text, uint8_t seed[NKEY_BYTES]) {
    return nkey_read_seed(NKEY_USER, (const uint8_t *)text, (uint32_t)strlen(text), seed);
}

static void test_key(void **state) {
    (void)state;
    uint8_t key[NKEY_BYTES];
    char text[NKEY_TEXT_BYTES + 1];
    assert_true(read_user(user_text, key));
    nkey_write(NKEY_USER, key, text);
    assert_string_equal(text, user_text);
    nkey_write(NKEY_SERVER, key, text);
    assert_int_equal(text[0], 'N');
    assert_false(read_user(text, key));
}

// Whatever character is another one, the text is no key any more: the CRC sees to that.
static void test_no_key(void **state) {
    (void)state;
    uint8_t key[NKEY_BYTES];
    char text[NKEY_TEXT_BYTES + 2];
    for (uint32_t i = 0; i < NKEY_TEXT_BYTES; i++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            memcpy(text, user_text, sizeof user_text);
            text[i] = (char)byte;
            bool same = byte == (uint8_t)user_text[i];
            assert_int_equal(nkey_read(NKEY_USER, (const uint8_t *)text, NKEY_TEXT_BYTES, key),
                             same);
        }
    }
    assert_false(read_user("", key));
    for (uint32_t n = 0; n < NKEY_TEXT_BYTES; n++)
        assert_false(nkey_read(NKEY_USER, (const uint8_t *)user_text, n, key));
    sprintf(text, "%sA", user_text);
    assert_false(read_user(text, key));
}

static void test_seed(void **state) {
    (void)state;
    uint8_t seed[NKEY_BYTES], signature[64], key[NKEY_BYTES];
    char text[NKEY_SEED_TEXT_BYTES + 1], public[NKEY_TEXT_BYTES + 1];
    assert_true(read_seed(seed_text, seed));
    port_sign(seed, "nonce", 5, signature, key);
    nkey_write(NKEY_USER, key, public);
    assert_string_equal(public, user_text);
    assert_false(read_seed(user_text, seed));
    for (uint32_t i = 0; i < NKEY_SEED_TEXT_BYTES; i++) {
        memcpy(text, seed_text, sizeof seed_text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        // Of the last one two bits are none of the seed's.
        if (i + 1 < NKEY_SEED_TEXT_BYTES)
            assert_false(read_seed(text, seed));
    }
}

// RFC 8032, 7.1, the tests 1 to 3.
static const struct {
    const char *seed, *key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

static uint32_t unhex(const char *text, uint8_t *to) {
    uint32_t n = 0;
    for (; text[2 * n] != '\0'; n++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * n, "%2x", &byte), 1);
        to[n] = (uint8_t)byte;
    }
    return n;
}

static void test_published(void **state) {
    (void)state;
    for (uint32_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t seed[32], key[32], message[2], signature[64], made[64], made_key[32];
        unhex(vectors[i].seed, seed);
        unhex(vectors[i].key, key);
        unhex(vectors[i].signature, signature);
        uint32_t n = unhex(vectors[i].message, message);
        port_sign(seed, message, n, made, made_key);
        assert_memory_equal(made, signature, 64);
        assert_memory_equal(made_key, key, 32);
        assert_true(port_verify(signature, message, n, key));
        for (uint32_t bit = 0; bit < 64 * 8; bit++) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(port_verify(signature, message, n, key));
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        key[7] ^= 1;
        assert_false(port_verify(signature, message, n, key));
    }
}

static void test_signature(void **state) {
    (void)state;
    uint8_t raw[64], again[64];
    char text[NKEY_SIGNATURE_TEXT_BYTES + 3];
    for (uint32_t times = 0; times < 1000; times++) {
        for (uint32_t i = 0; i < sizeof raw; i++)
            raw[i] = (uint8_t)chance(256);
        nkey_write_signature(raw, text);
        assert_int_equal(strlen(text), NKEY_SIGNATURE_TEXT_BYTES);
        assert_true(nkey_read_signature((const uint8_t *)text, 86, again));
        assert_memory_equal(raw, again, sizeof raw);
        for (uint32_t i = 0; i < 86; i++)
            text[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
        strcpy(text + 86, "==");
        memset(again, 0, sizeof again);
        assert_true(nkey_read_signature((const uint8_t *)text, 88, again));
        assert_memory_equal(raw, again, sizeof raw);
        assert_false(nkey_read_signature((const uint8_t *)text, 87, again));
        text[chance(86)] = '=';
        assert_false(nkey_read_signature((const uint8_t *)text, 88, again));
        assert_false(nkey_read_signature((const uint8_t *)text, 86, again));
    }
}

static void test_creds(void **state) {
    (void)state;
    static const char file[] =
        "-----BEGIN NATS USER JWT-----\r\neyJ0eXAiOiJKV1QifQ.e30.c2ln\r\n------END NATS USER "
        "JWT------"
        "\r\n\r\n*** IMPORTANT ***\r\n\r\n-----BEGIN USER NKEY SEED-----\r\n"
        "SUAP33SDBVAL2V665LAYNTMXSABT2DYG7EE2RADOPTTOOF5LPR6VAKKYTQ\r\n"
        "------END USER NKEY SEED------\r\n";
    struct creds creds;
    struct midge_config config = {.sign = port_sign};
    char nkey[NKEY_TEXT_BYTES + 1], text[NKEY_SIGNATURE_TEXT_BYTES + 1];
    uint8_t signature[64], key[32];
    assert_true(creds_read((const uint8_t *)file, sizeof file - 1, &creds));
    assert_int_equal(creds.jwt_bytes, 27);
    assert_memory_equal(creds.jwt, "eyJ0eXAiOiJKV1QifQ.e30.c2ln", 27);
    creds_sign(&config, &creds, (const uint8_t *)"PXoWU7zWAMt75FY", 15, nkey, text);
    assert_string_equal(nkey, user_text);
    assert_true(nkey_read_signature((const uint8_t *)text, 86, signature));
    assert_true(read_user(nkey, key));
    assert_true(port_verify(signature, "PXoWU7zWAMt75FY", 15, key));
    // A seed alone, with or without a line end.
    assert_true(creds_read((const uint8_t *)seed_text, NKEY_SEED_TEXT_BYTES, &creds));
    assert_null(creds.jwt);
    // Wherever the file ends, there is a seed or none.
    uint32_t seed_end = (uint32_t)(strstr(file, seed_text) - file) + NKEY_SEED_TEXT_BYTES;
    for (uint32_t n = 0; n < sizeof file - 1; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, file, n);
        assert_int_equal(creds_read((const uint8_t *)copy, n, &creds), n >= seed_end);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),       cmocka_unit_test(test_no_key),
        cmocka_unit_test(test_seed),      cmocka_unit_test(test_published),
        cmocka_unit_test(test_signature), cmocka_unit_test(test_creds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
