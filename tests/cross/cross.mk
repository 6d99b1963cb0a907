# The hub and the unit tests for the architectures of gateways, under QEMU; worlds of the simulator on
# a machine whose words are shorter, and on one whose bytes have the other order.

SUITES_BUSY += cross

cross:
	@MAKE="$(MAKE)" tests/cross/run aarch64-linux-gnu arm-linux-gnueabihf riscv64-linux-gnu \
	    mipsel-linux-gnu mips-linux-gnu
