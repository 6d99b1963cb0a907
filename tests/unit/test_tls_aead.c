// The ciphers of TLS records: the kernel for AES-NI and Mbed TLS's own GCM against each other and
// against published vectors; ChaCha20-Poly1305 against that of its RFC.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>

#include "port/tls/arena.h"
#include "port/tls/gcm_portable.h"

static uint32_t hex(const char *text, uint8_t *to) {
    uint32_t n = 0;
    for (; text[2 * n] != '\0'; n++) {
        unsigned value;
        sscanf(text + 2 * n, "%2x", &value);
        to[n] = (uint8_t)value;
    }
    return n;
}

// Test cases 4 and 16 of McGrew and Viega's specification of GCM, and 13, which is of nothing.
static void test_gcm_vectors(void **state) {
    (void)state;
    static const struct {
        const char *key, *iv, *aad, *plain, *cipher, *tag;
    } vectors[] = {
        {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
         "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e244"
         "9a6b525b16aedf5aa0de657ba637b39",
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aa"
         "c84aa051ba30b396a0aac973d58e091",
         "5bc94fbc3221a5db94fae95ae7121a47"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
         "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e244"
         "9a6b525b16aedf5aa0de657ba637b39",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
         "6828838c5f61e6393ba7a0abcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t key[32], iv[12], aad[64], plain[128], cipher[128], tag[16], out[128], got[16];
        uint32_t bits = 8 * hex(vectors[i].key, key);
        hex(vectors[i].iv, iv);
        uint32_t aad_n = hex(vectors[i].aad, aad);
        uint32_t n = hex(vectors[i].plain, plain);
        hex(vectors[i].cipher, cipher);
        hex(vectors[i].tag, tag);
        mbedtls_gcm_context gcm;
        mbedtls_gcm_init(&gcm);
        assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, bits), 0);
        assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, n, iv, 12, aad, aad_n,
                                                   plain, out, 16, got),
                         0);
        assert_memory_equal(out, cipher, n);
        assert_memory_equal(got, tag, 16);
        assert_int_equal(
            mbedtls_gcm_auth_decrypt(&gcm, n, iv, 12, aad, aad_n, tag, 16, cipher, out), 0);
        assert_memory_equal(out, plain, n);
        tag[i] ^= 1;
        assert_int_equal(
            mbedtls_gcm_auth_decrypt(&gcm, n, iv, 12, aad, aad_n, tag, 16, cipher, out),
            MBEDTLS_ERR_GCM_AUTH_FAILED);
        mbedtls_gcm_free(&gcm);
    }
}

// Every length around the kernel's width, and some far above it, in place and not.
static void test_gcm_against_portable(void **state) {
    (void)state;
    static uint8_t plain[5000], fast[5000], slow[5000], back[5000];
    uint8_t key[32], iv[12], aad[13], fast_tag[16], slow_tag[16];
    uint32_t random = 1;
    for (uint32_t n = 0; n < sizeof plain; n += n < 300 ? 1 : 397) {
        for (uint32_t bits = 128; bits <= 256; bits += 128) {
            for (uint32_t i = 0; i < n; i++)
                plain[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
            for (uint32_t i = 0; i < 32; i++)
                key[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
            memcpy(iv, key + 3, sizeof iv);
            memcpy(aad, key + 7, sizeof aad);
            uint32_t aad_n = n % (sizeof aad + 1);
            mbedtls_gcm_context gcm;
            uint64_t portable[GCM_PORTABLE_BYTES / 8];
            mbedtls_gcm_init(&gcm);
            gcm_portable_init(portable);
            assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, bits), 0);
            assert_int_equal(gcm_portable_setkey(portable, key, bits), 0);
            memcpy(fast, plain, n);
            assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, n, iv, 12, aad,
                                                       aad_n, fast, fast, 16, fast_tag),
                             0);
            assert_int_equal(
                gcm_portable_encrypt(portable, n, iv, aad, aad_n, plain, slow, 16, slow_tag), 0);
            assert_memory_equal(fast, slow, n);
            assert_memory_equal(fast_tag, slow_tag, 16);
            assert_int_equal(
                mbedtls_gcm_auth_decrypt(&gcm, n, iv, 12, aad, aad_n, slow_tag, 16, slow, back), 0);
            assert_memory_equal(back, plain, n);
            assert_int_equal(
                gcm_portable_decrypt(portable, n, iv, aad, aad_n, fast_tag, 16, fast, fast), 0);
            assert_memory_equal(fast, plain, n);
            mbedtls_gcm_free(&gcm);
            gcm_portable_free(portable);
        }
    }
}

// RFC 8439, section 2.8.2.
static void test_chachapoly(void **state) {
    (void)state;
    static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
                               "only one tip for the future, sunscreen would be it.";
    uint8_t key[32], nonce[12], aad[12], tag[16], out[sizeof text], got[16], back[sizeof text];
    size_t n = sizeof text - 1;
    for (uint32_t i = 0; i < 32; i++)
        key[i] = (uint8_t)(0x80 + i);
    hex("070000004041424344454647", nonce);
    hex("50515253c0c1c2c3c4c5c6c7", aad);
    hex("1ae10b594f09e26a7e902ecbd0600691", tag);
    mbedtls_chachapoly_context context;
    chachapoly_begin();
    mbedtls_chachapoly_init(&context);
    mbedtls_chachapoly_setkey(&context, key);
    assert_int_equal(mbedtls_chachapoly_encrypt_and_tag(&context, n, nonce, aad, 12,
                                                        (const uint8_t *)text, out, got),
                     0);
    assert_memory_equal(got, tag, 16);
    assert_int_equal(
        mbedtls_chachapoly_auth_decrypt(&context, n, nonce, aad, 12, got, out, back), 0);
    assert_memory_equal(back, text, n);
    out[3] ^= 1;
    assert_int_not_equal(
        mbedtls_chachapoly_auth_decrypt(&context, n, nonce, aad, 12, got, out, back), 0);
}

int main(void) {
    static union {
        struct arena arena;
        uint64_t bytes[1024];
    } memory;
    arena_init(&memory.arena, sizeof memory);
    arena_use(&memory.arena, &memory.arena);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcm_vectors),
        cmocka_unit_test(test_gcm_against_portable),
        cmocka_unit_test(test_chachapoly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
