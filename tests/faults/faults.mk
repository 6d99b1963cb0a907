# midge-sim as its user meets it: each fault under official clients, unmodified, and the terminal. The
# board of 64 KB runs under ASan and UBSan. What is given as ARGS goes to pytest.

SUITES   += faults
FAULTS   := build/sim/midge-sim $(CHIPS:%=build/sim/midge-sim-%) \
            build/sim/debug/midge-sim build/sim/debug/midge-sim-$(firstword $(CHIPS)) \
            build/faults/midge-sim build/faults/midge-sim-hal
PREPARED += $(FAULTS)

faults: ARGS :=
faults: $(FAULTS) $(PYTHON) $(NATS_CLI)
	$(Q)$(PYTHON) -B -m pytest -q -p no:cacheprovider --timeout 60 tests/faults $(ARGS)

# A board whose image is tests/boards/hal.c, for what hal/ promises.
HAL_SRC := tests/boards/hal.c $(filter hal/%,$(LIVE_CHIP))
$(eval $(call LIVE_PROGRAM,build/faults/midge-sim-hal,build/faults,$(HAL_SRC),-O1 \
    -include boards/$(firstword $(CHIPS))/board.h))

build/faults/midge-sim: build/sim/midge-sim
	$(Q)mkdir -p $(@D) && ln -f $< $@
