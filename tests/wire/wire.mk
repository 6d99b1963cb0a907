# Transcripts replayed against Midge, whole and in pieces, and against both nats-servers.

SUITES += wire

wire: $(B)/midge sanitized $(PEER_NEW) $(PEER_OLD)
	@python3 -B tests/wire/wire.py --midge $(B)/midge --sanitized build/linux-asan/midge \
	    --nats-server $(PEER_NEW) --nats-server $(PEER_OLD)
