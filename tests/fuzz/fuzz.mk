# Each tests/fuzz/*.c is a libFuzzer target, save rig.c, which they share; broker.c is the simulator's
# world with a fuzzer in fate's place, and has that one's limits. They run for FUZZ_SECONDS
# in all, two at a time, from the corpora in tests/fuzz/corpus; what a run adds to one is in
# build/fuzz/corpus, and the input of a failure in build/fuzz. To see it again:
#
#   build/fuzz/parser build/fuzz/parser-crash-...

SUITES_BUSY += fuzz

FUZZ_SECONDS ?= 56
FUZZED     := $(filter-out rig,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_CC    := clang -I. -g -O1 $(DIALECT) -fno-sanitize-recover=all
FUZZ_OBJ   := $(patsubst %.c,build/fuzz/object/%.o,$(filter broker/%,$(LIB_SRC)) tests/fuzz/rig.c \
                tests/panic.c)
FUZZ_WORLD := $(patsubst %.c,build/fuzz/world/%.o,$(filter-out sim/vopr.c,$(SIM_SRC)) tests/panic.c \
                tests/fuzz/broker.c)

# Inputs may be long from the start: a world goes by many decisions.
FUZZ_ARGS_broker := -len_control=0 -max_len=2048 -dict=tests/fuzz/parser.dict
FUZZ_ARGS_parser := -dict=tests/fuzz/parser.dict
FUZZ_SHARE  = $$(($(FUZZ_SECONDS) / $(words $(FUZZED))))

fuzz: $(FUZZED:%=build/fuzz/%)
	@rm -f build/fuzz/*.ran
	@$(MAKE) -s -k -j 2 $(FUZZED:%=build/fuzz/%.ran) || true
	@ok=$$(ls build/fuzz/*.ran 2>/dev/null | wc -l); bad=$$(($(words $(FUZZED)) - ok)); \
	    echo "fuzz: $$ok passed, $$bad failed"; [ $$bad -eq 0 ]

build/fuzz/%.ran: build/fuzz/%
	@echo "FUZZ $* for $(FUZZ_SHARE) s"
	@mkdir -p build/fuzz/corpus/$*
	$(Q)$< -max_total_time=$(FUZZ_SHARE) -timeout=10 -verbosity=0 -print_final_stats=0 \
	    -artifact_prefix=build/fuzz/$*- $(FUZZ_ARGS_$*) \
	    build/fuzz/corpus/$* tests/fuzz/corpus/$* >build/fuzz/$*.log 2>&1 \
	    || { tail -n 60 build/fuzz/$*.log; false; } && touch $@

define FUZZ_KIND
build/fuzz/$1/%.o: %.c tests/fuzz/fuzz.mk
	@echo "CC  $$< to be fuzzed"
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC) $2 -fsanitize=address,undefined $$(FUZZ_GUIDE) -MMD -MP -c -o $$@ $$<
endef

$(eval $(call FUZZ_KIND,object,-include tests/fuzz/limits.h))
$(eval $(call FUZZ_KIND,world,-include sim/board.h -DMIDGE_FAULTS))

build/fuzz/object/tests/%.o: FUZZ_CC += -D_GNU_SOURCE

# In a world the fuzzer looks for what is new in the broker, not around it, and need not trace what is
# compared with what: its words are in the dictionary.
FUZZ_GUIDE := -fsanitize=fuzzer-no-link
build/fuzz/world/%.o: FUZZ_GUIDE := -fsanitize-coverage=inline-8bit-counters,pc-table
build/fuzz/world/sim/%.o: FUZZ_GUIDE :=

$(patsubst %,build/fuzz/%,$(filter-out broker,$(FUZZED))): build/fuzz/%: \
    build/fuzz/object/tests/fuzz/%.o $(FUZZ_OBJ)
build/fuzz/broker: $(FUZZ_WORLD)

# TLS, with the libraries below it.
FUZZ_TLS := $(patsubst %.c,build/fuzz/object/%.o,$(filter port/tls%,$(LIB_SRC)) port/crypto.c $(MBEDTLS_SRC) \
              $(SODIUM_SRC) $(TLS_SODIUM_SRC))
FUZZ_LIBRARIES := $(patsubst %.c,build/fuzz/object/%.o,$(MBEDTLS_SRC) $(SODIUM_SRC) $(TLS_SODIUM_SRC))
$(FUZZ_TLS) build/fuzz/object/tests/fuzz/tls.o: FUZZ_CC += \
    -DMBEDTLS_CONFIG_FILE='"port/tls/config.h"' -Iport/tls -isystem $(MBEDTLS)/include \
    -isystem $(MBEDTLS)/library $(SODIUM_PATHS) $(filter -D%,$(SODIUM_FLAGS)) $(WIDE)
$(FUZZ_LIBRARIES): FUZZ_CC += -w
$(FUZZ_LIBRARIES): | $(MBEDTLS)/LICENSE $(SODIUM)/LICENSE
$(addprefix build/fuzz/object/$(MBEDTLS)/library/,$(MBEDTLS_KEYS)): \
    FUZZ_CC += -Dmbedtls_ecp_mul=tls_ecp_mul -Dmbedtls_ecp_mul_restartable=tls_ecp_mul_restartable
$(filter $(addprefix build/fuzz/object/$(MBEDTLS)/library/,$(MBEDTLS_NUMBERS)),$(FUZZ_LIBRARIES)): \
    FUZZ_CC += -DTLS_NUMBERS
build/fuzz/tls: $(FUZZ_TLS)
# What of the libraries nothing calls has no place in their sections here, as it has in the hub: it
# may call what is not there.
FUZZ_LINK_tls := -no-pie -Wl,--unresolved-symbols=ignore-all
FUZZ_ARGS_tls := -max_len=4096 -len_control=0

$(FUZZED:%=build/fuzz/%):
	@echo "LD  $@"
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $(FUZZ_LINK_$(@F)) -o $@ $^

-include $(shell find build/fuzz/object build/fuzz/world -name '*.d' 2>/dev/null)
