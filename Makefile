# Midge, a NATS broker for chips and Linux. Every target is listed here with what it does; its rules
# live beside what they build: boards/linux/linux.mk, tests/tests.mk, tests/wire/wire.mk, ...
#
#   make DEBUG=1       without optimization, into build/linux-debug
#   make SANITIZE=1    under ASan and UBSan, into build/linux-asan
#   make CROSS=aarch64-linux-gnu-    for another machine, into build/linux-aarch64
#   make V=1           showing each command whole
#   make BOARD=mps2-an385 run        for a chip; `make boards` lists them

.DEFAULT_GOAL := hub
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

BOARD ?= linux
DIALECT := -std=c11 -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
           -Wmissing-prototypes
Q := $(if $(V),,@)
comma := ,

hub:     ## build the hub, build/linux/midge (this is what make alone does)
image:   ## build a chip's image, build/$(BOARD)/midge.{elf,bin,hex,map} (make BOARD=... alone does)
boards:  ## list the boards, with the flash and RAM that Midge takes of each
run:     ## run it on 4222, monitoring on 8222; a chip in QEMU; ARGS="..." replaces its arguments
flash:   ## write the image into the real board, by OpenOCD
config:  ## check FILE=... by a chip's limits, and write it into the flash beside its image
provision: ## write CERT=, KEY=, CA=, SEED=, CREDS=, who the device is, into that flash
debug:   ## gdb on the image, in QEMU or, with ON=board, by OpenOCD
dist:    ## the broker as two files for a project of your own, build/dist/midge.{h,c}
example: ## an application in the broker's own process, build/$(BOARD)/sensor
test:    ## every suite below, with a total (about ten minutes on two cores)
live:    ## a board in software, on 4222 and 8222, with faults; ARGS="--drop 2", or "--help"
sim:     ## worlds of brokers and clients under a virtual clock, each from a seed
coverage: ## the lines of broker/ that those worlds run, by file and in all
covered: ## the same by all tests, and of what kind the rest is
soak:    ## worlds of fresh seeds until ^C, or SEEDS=5000 of them; what fails is kept
mutants: ## the broker broken in small ways, and after how many worlds each was noticed
patches: ## those that are kept as patches apply, and a few of them are noticed
limits:  ## limits at the ends of their ranges compile, and impossible ones do not
tree:    ## who includes whom; no libc, heap or mutable global in broker/
unit:    ## unit tests, under ASan and UBSan
cross:   ## the hub and unit tests for four other architectures, and worlds on two, under QEMU
check:   ## static analysis: gcc -fanalyzer, clang, clang-tidy, cppcheck
wire:    ## transcripts replayed against Midge and nats-server, answers compared
interop: ## the official clients and tools, unmodified
fuzz:    ## three minutes of libFuzzer from the kept corpus
sensor:  ## that example, with clients of the network on both sides
exhaust: ## every pool full at every take: sound, nothing leaked
package: ## make install and the Debian package, installed and run
churn:   ## an hour of clients that come and go, looking for leaks and stalls
bench:   ## Midge and nats-server side by side: the table of ratios
fresh:   ## the README's two commands on a minimal Debian 12, in a chroot
chips:   ## every board in QEMU: its chip's services, and the image under all that clients do
lan:     ## IPv6 and mDNS of the boards that have them, in QEMU on a tap device
clock:   ## a time server that comes, goes and errs, before boards that ask it, in QEMU on a tap device
console: ## the console of every board, its configuration in flash, what shares the chip, in QEMU
cost:    ## instructions for a message on a Cortex-M3, against budgets
twofiles: ## what make dist gives: three compilers, four sets of limits, a program, the hub
lwip:    ## port/lwip.c with a chip's limits, on a tap device, under ASan and UBSan
faults:  ## midge-sim: each fault under official clients, its terminal, every board
ram:     ## every pool: entries, bytes each, bytes
size:    ## size of the hub, or of a chip's image, against its budget
stack:   ## the most stack that a chip's image can take, by its graph of calls
format:  ## rewrite the C sources in the house's format
install: ## install the hub, its unit and manual pages under $(DESTDIR)$(PREFIX)
deb:     ## build the Debian package, build/midge_*.deb
fetch:   ## fetch the pinned peers, clients and tools of the tests into build/cache
clean:   ## remove what was built, but not what was fetched (build/cache)
help:    ## this list
	@sed -n 's/^\([a-z]*\): *## /\1\t/p' Makefile | expand -t 10

.PHONY: $(shell sed -n 's/^\([a-z]*\): *##.*/\1/p' Makefile)

include port/packages.mk boards/boards.mk
ifeq ($(BOARD),linux)
include boards/linux/*.mk boards/dist/dist.mk tests/*.mk sim/*.mk
-include tests/*/*.mk
else
include boards/chip/chip.mk
endif
