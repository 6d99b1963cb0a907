# The wall clock of the boards that ask a time server, in QEMU on a network of their own: a tap device in
# a namespace, which takes root.

SUITES += clock

CLOCK_BOARDS := $(filter $(patsubst boards/%/board.h,%,$(shell grep -l 'MIDGE_CLOCK 1' boards/*/board.h)),$(CHIPS))

clock: $(CLOCK_BOARDS:%=chips-%)
	@$(AS_ROOT) unshare --net python3 -B tests/boards/clock.py $(CLOCK_BOARDS)
