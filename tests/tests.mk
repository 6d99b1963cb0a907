# make test runs every suite in SUITES. A fragment adds one by `SUITES += name`
# and a target of that name, whose last line of output is `name: N passed, N failed`.

test:
	@MAKE="$(MAKE)" tests/suites $(SUITES)

fresh:
	tests/setup/fresh

format:
	tests/setup/install format
	clang-format -i $$(git ls-files '*.[ch]')
