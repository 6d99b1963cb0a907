# Static analysis, a source and a tool at a time: what has passed is not asked again until it
# changes.

SUITES += check

CHECKED := $(LIB_SRC) port/template.c $(wildcard boards/*/*.c)
CHECKS  := $(foreach tool,gcc tidy cppcheck,$(CHECKED:%.c=build/check/%.$(tool)))

check:
	@$(MAKE) -s -k $(CHECKS) || true
	@ok=$$(ls $(CHECKS) 2>/dev/null | wc -l); bad=$$(($(words $(CHECKS)) - ok)); \
	    echo "check: $$ok passed, $$bad failed"; [ $$bad -eq 0 ]

$(CHECKS): tests/check/check.mk tests/check/clang-tidy \
           $(wildcard broker/*.h broker/*/*.h port/*.h hal/*.h boards/*/*.h)

build/check/port/% build/check/hal/% build/check/boards/%: CPPFLAGS += $(EXTENSIONS)

build/check/%.gcc: %.c
	@echo "GCC -fanalyzer $<"
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(CC) $(CPPFLAGS) $(DIALECT) -O2 -fanalyzer -c -o $@.o $< && mv $@.o $@

build/check/%.tidy: %.c
	@echo "TIDY $<"
	@mkdir -p $(@D) && rm -f $@
	$(Q)clang-tidy --quiet --config-file=tests/check/clang-tidy $< -- $(CPPFLAGS) $(DIALECT) 2>$@.log \
	    || { cat $@.log; false; } && mv $@.log $@

# uninitvar: gcc and clang see it too, and cppcheck does not see an argument filled by the
# argument after it.
build/check/%.cppcheck: %.c
	@echo "CPPCHECK $<"
	@mkdir -p $(@D) && rm -f $@
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=uninitvar --error-exitcode=1 \
	    $(subst -include ,--include=,$(CPPFLAGS)) $< && touch $@
