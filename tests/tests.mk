# make test runs every suite in SUITES and SUITES_BUSY: see tests/suites. A fragment adds one by
# `SUITES += name`, or by `SUITES_BUSY += name` if it neither measures time nor talks over a network,
# and a target of that name, whose last line of output is `name: N passed, N failed`. What it shares
# with other suites, or what would take long to build amid the live ones, it adds to PREPARED.

.PHONY: prepare sanitized
PREPARED += hub example sanitized

test:
	@MAKE="$(MAKE)" tests/suites "$(SUITES)" "$(SUITES_BUSY)"

prepare: fetch
	@$(MAKE) --no-print-directory -j $$(nproc) $(PREPARED)

sanitized:
	@$(MAKE) --no-print-directory SANITIZE=1 hub

fresh:
	tests/setup/fresh

format:
	tests/setup/install format
	clang-format -i $$(git ls-files '*.[ch]')
