# The sources of others that go into an image, fetched into build/cache as what the tests need is.
# packages.sums has the checksums of the versions that were tried, packages.md the licences.

CACHE   := build/cache
LWIP    := $(CACHE)/lwip
MBEDTLS := $(CACHE)/mbedtls
SODIUM  := $(CACHE)/libsodium

# What of lwIP an image has; without IPv6 those of ipv6/ are empty, and without mDNS its own.
LWIP_SRC := $(addprefix $(LWIP)/src/core/,init.c def.c inet_chksum.c ip.c mem.c memp.c netif.c \
                pbuf.c stats.c tcp.c tcp_in.c tcp_out.c timeouts.c udp.c) \
            $(addprefix $(LWIP)/src/core/ipv4/,dhcp.c etharp.c icmp.c igmp.c ip4.c ip4_addr.c) \
            $(addprefix $(LWIP)/src/core/ipv6/,ethip6.c icmp6.c inet6.c ip6.c ip6_addr.c mld6.c \
                nd6.c) \
            $(addprefix $(LWIP)/src/apps/mdns/,mdns.c mdns_domain.c mdns_out.c) \
            $(LWIP)/src/apps/sntp/sntp.c \
            $(LWIP)/src/netif/ethernet.c

$(LWIP)/COPYING: port/packages.sums
	tests/setup/deb next src:lwip $(LWIP)
	@touch $@

$(LWIP_SRC): $(LWIP)/COPYING ;

# Of libsodium, Ed25519 and what it stands on.
SODIUM_ROOT  := $(SODIUM)/src/libsodium
SODIUM_SRC   := $(addprefix $(SODIUM_ROOT)/,crypto_sign/ed25519/ref10/open.c \
                  crypto_sign/ed25519/ref10/sign.c crypto_sign/ed25519/ref10/keypair.c \
                  crypto_core/ed25519/ref10/ed25519_ref10.c crypto_hash/sha512/cp/hash_sha512_cp.c \
                  crypto_verify/sodium/verify.c)
# Its files are compiled by its own headers, without what its configure script would find.
SODIUM_PATHS := -isystem $(SODIUM_ROOT)/include/sodium -isystem $(SODIUM_ROOT)/include
SODIUM_FLAGS := $(SODIUM_PATHS) -DCONFIGURED=1 -ffunction-sections -fdata-sections -w

$(SODIUM)/LICENSE: port/packages.sums
	tests/setup/deb next src:libsodium $(SODIUM)
	@touch $@

$(SODIUM_SRC): $(SODIUM)/LICENSE ;

# What of Mbed TLS a program with TLS has, by port/tls/config.h.
MBEDTLS_SRC := $(addprefix $(MBEDTLS)/library/,aes.c asn1parse.c asn1write.c base64.c bignum.c \
                   bignum_core.c chacha20.c cipher.c cipher_wrap.c constant_time.c ecdh.c ecdsa.c ecp.c \
                   ecp_curves.c hkdf.c md.c oid.c pem.c pk.c pk_ecc.c pk_wrap.c pkparse.c \
                   platform.c platform_util.c psa_crypto.c psa_crypto_aead.c psa_crypto_cipher.c \
                   psa_crypto_client.c psa_crypto_driver_wrappers_no_static.c psa_crypto_ecp.c \
                   psa_crypto_hash.c psa_crypto_mac.c psa_crypto_rsa.c psa_crypto_slot_management.c \
                   psa_util.c rsa.c rsa_alt_helpers.c sha256.c sha512.c ssl_ciphersuites.c \
                   ssl_debug_helpers_generated.c ssl_msg.c ssl_client.c ssl_ticket.c ssl_tls.c \
                   ssl_tls12_client.c ssl_tls12_server.c ssl_tls13_client.c ssl_tls13_generic.c \
                   ssl_tls13_keys.c ssl_tls13_server.c \
                   x509.c x509_crt.c)

# Those of it that compute with large numbers, and those that make keys and agree on them.
MBEDTLS_NUMBERS := bignum% ecdh.o ecdsa.o ecp% rsa%
MBEDTLS_KEYS    := ecdh.o psa_crypto_ecp.o
TLS_KEYS_FLAGS  := -Dmbedtls_ecp_mul=tls_ecp_mul \
                   -Dmbedtls_ecp_mul_restartable=tls_ecp_mul_restartable

# Those of the server.
MBEDTLS_SERVER := ssl_tls12_server.o ssl_tls13_server.o

# How what includes it is compiled.
TLS_FLAGS := -DMBEDTLS_CONFIG_FILE='"port/tls/config.h"' -Iport/tls -isystem $(MBEDTLS)/include \
             $(SODIUM_PATHS)

# Those of it that computing takes the time of.
MBEDTLS_FAST := $(MBEDTLS_NUMBERS) aes.o sha256.o sha512.o md.o constant_time.o platform_util.o

# Of libsodium, what TLS takes: ChaCha20-Poly1305 and X25519.
TLS_SODIUM_SRC := $(addprefix $(SODIUM_ROOT)/,sodium/runtime.c \
                      crypto_aead/chacha20poly1305/sodium/aead_chacha20poly1305.c \
                      crypto_onetimeauth/poly1305/onetimeauth_poly1305.c \
                      crypto_onetimeauth/poly1305/donna/poly1305_donna.c \
                      crypto_onetimeauth/poly1305/sse2/poly1305_sse2.c \
                      crypto_scalarmult/curve25519/scalarmult_curve25519.c \
                      crypto_scalarmult/curve25519/ref10/x25519_ref10.c \
                      crypto_stream/chacha20/stream_chacha20.c \
                      crypto_stream/chacha20/ref/chacha20_ref.c \
                      crypto_stream/chacha20/dolbeau/chacha20_dolbeau-avx2.c \
                      crypto_stream/chacha20/dolbeau/chacha20_dolbeau-ssse3.c)

$(TLS_SODIUM_SRC): $(SODIUM)/LICENSE ;

$(MBEDTLS)/LICENSE: port/packages.sums
	tests/setup/deb next src:mbedtls $(MBEDTLS)
	@touch $@

$(MBEDTLS_SRC): $(MBEDTLS)/LICENSE ;
