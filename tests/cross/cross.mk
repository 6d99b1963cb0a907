# The hub, the unit tests and the simulator for the architectures of gateways, and for 32-bit x86,
# under QEMU; the simulator for one of them.

SUITES_BUSY += cross

cross:
	@MAKE="$(MAKE)" tests/cross/run aarch64-linux-gnu arm-linux-gnueabihf riscv64-linux-gnu \
	    mipsel-linux-gnu i686-linux-gnu
