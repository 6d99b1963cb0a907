# The images of the boards that have IPv6 and mDNS, in QEMU on a network of their own: a tap device in
# a namespace, which takes root.

SUITES += lan

LAN_BOARDS := $(filter $(patsubst boards/%/board.h,%,$(shell grep -l 'MIDGE_MDNS 1' boards/*/board.h)),$(CHIPS))

lan: $(LAN_BOARDS:%=chips-%)
	@$(AS_ROOT) unshare --net python3 -B tests/boards/images.py $(LAN_BOARDS)
