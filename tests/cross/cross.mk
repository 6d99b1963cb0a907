# The hub for the architectures of gateways, and for 32-bit x86; the unit tests, under QEMU, of the
# chip's limits on each, and of the hub's, with worlds of the simulator, on one whose words are
# shorter and one whose bytes have the other order.

SUITES_BUSY += cross

cross:
	@MAKE="$(MAKE)" tests/cross/run aarch64-linux-gnu arm-linux-gnueabihf riscv64-linux-gnu \
	    mips-linux-gnu i686-linux-gnu
