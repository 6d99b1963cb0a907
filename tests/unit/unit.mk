# Each tests/unit/*.c is a cmocka program, and so is each tests/unit/chip/*.c, of the broker with the
# limits of a small chip. They run in the order of their names, under ASan and UBSan; for another
# architecture plain, under QEMU: make unit CROSS=aarch64-linux-gnu-

SUITES_BUSY += unit

# An emulator does not start nats-server, nor would its answers be others.
UNIT_NOT := $(if $(CROSS),%/test_conf_reference.c)
UNIT := $(patsubst %.c,$(B)/%,$(sort $(filter-out $(UNIT_NOT),$(wildcard tests/unit/*.c))))
CHIP := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/chip/*.c)))

CHIP_OBJ := $(patsubst %.c,$(B)/chip/%.o,$(filter broker/%,$(LIB_SRC)))
AS_CHIP   = $(subst boards/linux/board.h,boards/lm3s6965evb/board.h,$(CPPFLAGS))

QEMU := $(if $(CROSS),qemu-$(ARCH) -L /usr/$(patsubst %-,%,$(CROSS)))

ifeq ($(CROSS)$(SANITIZE),)
unit:
	@$(MAKE) --no-print-directory SANITIZE=1 unit
else
unit: $(UNIT) $(CHIP)
	@tests/unit/run "$(QEMU)" $^
endif

$(UNIT): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/tests/panic.o $(B)/cmocka.o $(B)/midge.a
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(CHIP): %: %.o $(B)/tests/panic.o $(B)/cmocka.o $(CHIP_OBJ)
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(CHIP_OBJ): $(B)/chip/%.o: %.c Makefile tests/unit/unit.mk
	@echo "CC  $< (as a chip)"
	@mkdir -p $(@D)
	$(Q)$(CC) $(AS_CHIP) $(CFLAGS) -MMD -MP -c -o $@ $<

$(CHIP:=.o): CPPFLAGS := $(AS_CHIP) $(EXTENSIONS)
$(UNIT:=.o) $(CHIP:=.o): CPPFLAGS += -isystem $(CACHE)/cmocka/include -DEMULATED=$(if $(CROSS),1,0)
$(UNIT:=.o) $(CHIP:=.o): $(CMOCKA)

$(B)/tests/unit/test_tls_%.o: CPPFLAGS += -DMBEDTLS_CONFIG_FILE='"port/tls/config.h"' -Iport/tls \
                                         -isystem $(MBEDTLS)/include

$(B)/cmocka.o: $(CMOCKA)
	@echo "CC  $<"
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -w -DHAVE_SIGNAL_H -DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_REALTIME -DHAVE_MALLOC_H \
	    -DHAVE_INTTYPES_H -I$(CACHE)/cmocka/include -c -o $@ $<
