# Midge and nats-server side by side: see tests/bench/README.md. ARGS goes to bench.py, as in
# make bench ARGS="--quick 1to1-*".

GENERATOR := $(B)/tests/bench/generator

bench: ARGS :=
bench: $(B)/midge $(GENERATOR) $(PEER_NEW) $(PEER_OLD)
	$(Q)python3 tests/bench/bench.py --midge $(B)/midge --generator $(GENERATOR) \
	    --new $(PEER_NEW) --old $(PEER_OLD) $(ARGS)

$(GENERATOR): $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/*.c))
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto
