# The example of an application in the broker's process, and the nats command beside it.

SUITES += sensor

sensor: example $(NATS_CLI)
	@python3 -B tests/boards/sensor.py $(B)/sensor $(NATS_CLI)
