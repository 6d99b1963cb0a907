# midge-sim as its user meets it: each fault under official clients, unmodified, and the terminal. The
# board of 64 KB runs under ASan and UBSan. What is given as ARGS goes to pytest.

SUITES   += faults
FAULTS   := build/sim/midge-sim $(CHIPS:%=build/sim/midge-sim-%) \
            build/sim/debug/midge-sim build/sim/debug/midge-sim-$(firstword $(CHIPS))
PREPARED += $(FAULTS)

faults: ARGS :=
faults: $(FAULTS) $(PYTHON) $(NATS_CLI)
	$(Q)$(PYTHON) -B -m pytest -q -p no:cacheprovider --timeout 60 tests/faults $(ARGS)
