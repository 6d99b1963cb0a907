# The official clients and tools, unmodified, against a running hub. The same suite runs against
# nats-server, which proves the tests: make interop HUB=build/cache/nats-server-2.15/nats-server.
# What is given as ARGS goes to pytest: make interop ARGS="-k reconnect -x".

SUITES += interop
HUB    ?= $(B)/midge
PROBES := build/interop

interop: ARGS :=
interop: $(HUB) $(PROBES)/client $(PROBES)/call $(PROBES)/heap.so
interop: $(PYTHON) $(NODE) $(NATS_CLI) $(NATS_TOP) $(EXPORTER) $(PEER_NEW)
	$(Q)MIDGE_BIN=$(HUB) $(PYTHON) -B -m pytest -q -p no:cacheprovider --timeout 60 \
	    tests/interop $(ARGS)

$(PROBES)/client: $(wildcard tests/interop/clients/c/*.[ch])
	@echo "CC  $@"
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o $@ $(filter %.c,$^) -lnats

$(PROBES)/call: $(B)/tests/interop/call.o $(B)/midge.a
	@echo "LD  $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(PROBES)/heap.so: tests/interop/heap.c
	@echo "CC  $@"
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -shared -fPIC -o $@ $<
