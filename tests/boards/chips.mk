# Every board with a chip, in QEMU: what hal/ promises, by a program that boots again and again; and
# the image itself, with clients. Needs root, for network namespaces of its own. LOAD_S=60 and
# SOAK=1000 make it the whole proof: see proofs.py; LOAD_S=600 and RECONNECTS=20, of the small board
# with TLS.

SUITES += chips

CHIP_BUILDS := $(patsubst %,chips-%,$(CHIPS) $(PROFILES))
PREPARED    += $(CHIP_BUILDS) chips-template

chips: $(CHIP_BUILDS) chips-template build/interop/client $(PYTHON) $(NODE) $(NATS_CLI)
	@python3 -B tests/boards/chips.py $(CHIPS) $(PROFILES)

# All programs by one make, since they share objects.
.PHONY: $(CHIP_BUILDS) chips-template
$(CHIP_BUILDS): chips-%:
	@$(MAKE) --no-print-directory BOARD=$* build/$*/hal.elf build/$*/midge.elf build/$*/midge.licenses.txt \
	    build/$*/host/config build/$*/host/provision

chips-template:
	@$(MAKE) --no-print-directory BOARD=template image
