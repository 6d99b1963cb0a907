# make test runs every suite in SUITES. A fragment adds one by `SUITES += name` and a target of that
# name, whose last line of output is `name: N passed, N failed`.

SUITES += unit

test:
	@MAKE="$(MAKE)" tests/suites $(SUITES)

# Each tests/unit/*.c is a cmocka program. They run in the order of their names, under ASan and UBSan,
# but for other architectures plain, under QEMU: make unit CROSS=aarch64-linux-gnu-
ifeq ($(CROSS)$(SANITIZE),)
unit:
	@$(MAKE) --no-print-directory SANITIZE=1 unit
else
UNIT := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/*.c)))
unit: $(UNIT)
	@tests/unit/run "$(EMULATOR)" $(UNIT)
endif

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/tests/panic.o $(B)/midge.a
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka
