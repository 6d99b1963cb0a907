# The hub for Linux: broker/ with this board's limits, over POSIX.

ARCH     := $(firstword $(subst -, ,$(CROSS)))
B        := build/linux$(addprefix -,$(ARCH))$(if $(DEBUG),-debug)$(if $(SANITIZE),-asan)

CC       := $(CROSS)gcc
AR       := $(CROSS)ar
CPPFLAGS := -I. $(addprefix -include ,$(wildcard boards/linux/board.h))
CFLAGS   := -g $(if $(DEBUG),-Og,-O2) $(DIALECT) -ffunction-sections -fdata-sections
# Nothing unwinds but a debugger, which finds what it needs beside what it debugs.
CFLAGS   += -fno-asynchronous-unwind-tables
LDFLAGS  := -Wl,--gc-sections
EXTENSIONS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
ifdef SANITIZE
CFLAGS   += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=address,undefined
endif

# The library is everything but the board itself, so that tests can take its place.
LIB_SRC := $(wildcard broker/*.c broker/*/*.c port/posix.c port/address.c port/handshakes.c port/tls.c \
               $(filter-out %_small.c,$(wildcard port/tls/*.c))) $(MBEDTLS_SRC)
SODIUM_OBJ := $(patsubst %.c,$(B)/%.o,$(SODIUM_SRC) $(TLS_SODIUM_SRC))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/port/crypto.o $(SODIUM_OBJ)
HUB_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard boards/linux/*.c))

hub: $(B)/midge

$(B)/midge: $(HUB_OBJ) $(B)/midge.a
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(B)/midge.a: $(LIB_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

example: $(B)/sensor

$(B)/sensor: $(B)/boards/linux/example/sensor.o $(B)/midge.a
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# With 128 bits where the compiler has them.
WIDE := $(shell echo __SIZEOF_INT128__ | $(CC) -E -P -x c - 2>/dev/null | grep -q 16 && echo -DHAVE_TI_MODE)
# And, of x86, what its files choose from by what the processor has.
X86  := $(shell echo __x86_64__ | $(CC) -E -P -x c - 2>/dev/null | grep -q 1 && \
          echo -DNATIVE_LITTLE_ENDIAN -DHAVE_CPUID -DHAVE_EMMINTRIN_H -DHAVE_TMMINTRIN_H \
               -DHAVE_SMMINTRIN_H -DHAVE_AVXINTRIN_H -DHAVE_AVX2INTRIN_H)
$(SODIUM_OBJ): CFLAGS += $(SODIUM_FLAGS) $(WIDE) $(X86)
$(SODIUM_OBJ): $(SODIUM)/LICENSE
$(B)/port/crypto.o: CPPFLAGS += $(SODIUM_PATHS)
$(B)/port/crypto.o: $(SODIUM)/LICENSE
# Mbed TLS has its own ideas of warnings.
MBEDTLS_OBJ := $(MBEDTLS_SRC:%.c=$(B)/%.o)
TLS_OBJ     := $(filter $(B)/port/tls%,$(LIB_OBJ)) $(MBEDTLS_OBJ)
$(TLS_OBJ): CPPFLAGS += $(TLS_FLAGS)
$(B)/port/tls/gcm_portable.o: CPPFLAGS += -isystem $(MBEDTLS)/library
$(TLS_OBJ): port/tls/config.h | $(MBEDTLS)/LICENSE
$(MBEDTLS_OBJ): CFLAGS += -w
# What of it does not compute takes little time, and is compiled to take little room.
$(filter-out $(addprefix $(B)/$(MBEDTLS)/library/,$(MBEDTLS_FAST)),$(MBEDTLS_OBJ)): CFLAGS += \
    $(if $(DEBUG)$(SANITIZE),,-Os)
# Who builds only to test may have the libraries compiled in less time: LIBRARY_CFLAGS=-O0.
$(MBEDTLS_OBJ) $(SODIUM_OBJ): CFLAGS += $(LIBRARY_CFLAGS)
$(filter $(addprefix $(B)/$(MBEDTLS)/library/,$(MBEDTLS_NUMBERS)),$(MBEDTLS_OBJ)): \
    CPPFLAGS += -DTLS_NUMBERS
$(addprefix $(B)/$(MBEDTLS)/library/,$(MBEDTLS_KEYS)): CPPFLAGS += $(TLS_KEYS_FLAGS)

# Only what stands on the operating system sees its extensions, and its clock beyond 2038.
$(B)/port/%.o $(B)/hal/%.o $(B)/boards/%.o $(B)/tests/%.o: CPPFLAGS += $(EXTENSIONS)

$(B)/%.o: %.c Makefile boards/linux/linux.mk
	@echo "CC  $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)

run: hub
	$(B)/midge $(or $(ARGS),-m 8222)

clean:
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +
