# Each tests/fuzz/*.c is a libFuzzer target, save rig.c, which they share. They run for FUZZ_SECONDS
# in all, two at a time, from the corpora in tests/fuzz/corpus; what a run adds to one is in
# build/fuzz/corpus, and the input of a failure in build/fuzz. To see it again:
#
#   build/fuzz/parser build/fuzz/parser-crash-...

SUITES_BUSY += fuzz

FUZZ_SECONDS ?= 180
FUZZED     := $(filter-out rig,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_CC    := clang -I. -include tests/fuzz/limits.h -g -O1 $(DIALECT) -fno-sanitize-recover=all
FUZZ_OBJ   := $(patsubst %.c,build/fuzz/object/%.o,$(filter broker/%,$(LIB_SRC)) tests/fuzz/rig.c \
                tests/panic.c)
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
	    -artifact_prefix=build/fuzz/$*- $(wildcard tests/fuzz/$*.dict:%=-dict=%) \
	    build/fuzz/corpus/$* tests/fuzz/corpus/$* >build/fuzz/$*.log 2>&1 \
	    || { tail -n 60 build/fuzz/$*.log; false; } && touch $@

$(FUZZED:%=build/fuzz/%): build/fuzz/%: build/fuzz/object/tests/fuzz/%.o $(FUZZ_OBJ)
	@echo "LD  $@"
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^

build/fuzz/object/tests/%.o: FUZZ_CC += -D_GNU_SOURCE

build/fuzz/object/%.o: %.c tests/fuzz/fuzz.mk tests/fuzz/limits.h
	@echo "CC  $< to be fuzzed"
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

-include $(shell find build/fuzz/object -name '*.d' 2>/dev/null)
