# Clients come and go for CHURN_SECONDS; then the hub holds what it held before.

CHURN_SECONDS ?= 3600

churn: hub
	@python3 -B tests/exhaust/churn.py $(B)/midge $(CHURN_SECONDS)
