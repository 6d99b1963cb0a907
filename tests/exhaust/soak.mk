# Clients come and go for SOAK_SECONDS; then the hub holds what it held before.

SOAK_SECONDS ?= 3600

soak: hub
	@python3 -B tests/exhaust/soak.py $(B)/midge $(SOAK_SECONDS)
