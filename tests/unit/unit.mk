# Each tests/unit/*.c is a cmocka program. They run in the order of their names, under ASan and
# UBSan; for another architecture plain, under QEMU: make unit CROSS=aarch64-linux-gnu-

SUITES += unit

UNIT := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/*.c)))

QEMU := $(if $(CROSS),qemu-$(ARCH:i686=i386) -L /usr/$(patsubst %-,%,$(CROSS)))

ifeq ($(CROSS)$(SANITIZE),)
unit:
	@$(MAKE) --no-print-directory SANITIZE=1 unit
else
unit: $(UNIT)
	@tests/unit/run "$(QEMU)" $(UNIT)
endif

$(UNIT): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/tests/panic.o $(B)/cmocka.o $(B)/midge.a
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(UNIT:=.o): CPPFLAGS += -isystem $(CACHE)/cmocka/include
$(UNIT:=.o): $(CMOCKA)

$(B)/cmocka.o: $(CMOCKA)
	@echo "CC  $<"
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -w -DHAVE_SIGNAL_H -DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_REALTIME -DHAVE_MALLOC_H \
	    -DHAVE_INTTYPES_H -I$(CACHE)/cmocka/include -c -o $@ $<
