# Transcripts replayed against Midge and against both nats-servers.

SUITES += wire

wire: $(B)/midge $(PEER_NEW) $(PEER_OLD)
	@python3 -B tests/wire/wire.py --midge $(B)/midge \
	    --nats-server $(PEER_NEW) --nats-server $(PEER_OLD)
