# Transcripts replayed against Midge, whole and in pieces, and against both nats-servers.

SUITES += wire

wire: $(B)/midge $(PEER_NEW) $(PEER_OLD)
	@$(MAKE) --no-print-directory SANITIZE=1 hub
	@python3 -B tests/wire/wire.py --midge $(B)/midge --sanitized build/linux-asan/midge \
	    --nats-server $(PEER_NEW) --nats-server $(PEER_OLD)
