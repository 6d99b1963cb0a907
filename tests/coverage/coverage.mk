# The lines of broker/ that tests run: by the simulator's worlds alone, and by these with the unit
# tests, exhaustion, transcripts and clients, all of which are built anew for it beside the sources.
# What nothing runs is told by kind (tests/coverage/kinds.txt), and nothing is marked to be left out.
#
#   make coverage                           by the worlds
#   make coverage FILE=broker/core/log.c    the lines of a file that no world has run
#   make covered                            by all: half an hour

.PHONY: covered

COVERAGE_SEEDS ?= 300
COVERAGE       := python3 tests/coverage/coverage.py
COVERED        := build/covered

coverage: build/sim/coverage/vopr
	@find build/sim/coverage -name '*.gcda' -delete
	@build/sim/coverage/vopr 1 $(COVERAGE_SEEDS) >build/sim/coverage/log || tail -n 1 build/sim/coverage/log
	@$(COVERAGE) build/sim/coverage $(addprefix --file ,$(FILE))

covered: coverage
	@mkdir -p $(COVERED)/build
	@git ls-files -z | xargs -0 cp -p --parents -t $(COVERED)
	@ln -sfn ../../cache $(COVERED)/build/cache
	@find $(COVERED) -name '*.gcda' -delete
	@$(MAKE) -C $(COVERED) -k CC="$(CC) --coverage" unit exhaust wire interop
	@$(COVERAGE) build/sim/coverage $(COVERED)/build/linux $(COVERED)/build/linux-asan \
	    $(COVERED)/build/exhaust --kinds tests/coverage/kinds.txt
