# Limits at the ends of their ranges compile; impossible ones fail with a sentence.

SUITES_BUSY += limits

limits:
	@DIALECT="$(DIALECT)" tests/limits/run
