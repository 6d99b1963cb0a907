# Images for chips: broker/, port/lwip.c and lwIP, over the files of hal/ that the board names.

ifeq ($(wildcard boards/$(BOARD)/board.mk),)
$(shell $(MAKE) --no-print-directory -s BOARD=linux boards >&2)
$(error there is no board "$(BOARD)": BOARD is one of these, or linux)
endif

.DEFAULT_GOAL := image

include boards/$(BOARD)/board.mk

B        := build/$(BOARD)
TOOL     := arm-none-eabi-
CC       := $(TOOL)gcc
CPPFLAGS := -I. -Iport/lwip -isystem $(LWIP)/src/include -include boards/$(BOARD)/board.h
CFLAGS   := -g -Os -flto $(CPU) $(DIALECT) -ffunction-sections -fdata-sections
# As one partition, since assembly refers to functions.
LDFLAGS  := -g -Os -flto -flto-partition=one -fstack-usage $(CPU) -nostartfiles --specs=nano.specs \
            -Wl,--gc-sections,--fatal-warnings -T boards/$(BOARD)/board.ld

HAL_OBJ   := $(HAL:%=$(B)/hal/%.o)
LWIP_OBJ  := $(LWIP_SRC:%.c=$(B)/%.o)
IMAGE_SRC := $(wildcard broker/*.c broker/*/*.c boards/chip/*.c) port/lwip.c $(wildcard port/lwip/*.c)
IMAGE_OBJ := $(IMAGE_SRC:%.c=$(B)/%.o) $(B)/boards/chip/conf.o $(HAL_OBJ) $(LWIP_OBJ)

image: $(B)/midge.elf $(B)/midge.bin $(B)/midge.hex

# What allocates, or prints by the C library, has no place in an image.
FORBIDDEN := _?(malloc|free|calloc|realloc|sbrk|v?f?s?n?i?printf)(_r)?

$(B)/midge.elf: $(IMAGE_OBJ)
$(B)/hal.elf: $(B)/tests/boards/hal.o $(HAL_OBJ)
$(B)/%.elf: boards/$(BOARD)/board.ld boards/chip/image.ld
	@echo "LD  $@"
	$(Q)$(CC) $(LDFLAGS) -Wl,-Map=$(@:.elf=.map) -o $@ $(filter %.o,$^)
	$(Q)! $(TOOL)nm $@ | grep -E ' $(FORBIDDEN)$$'

$(B)/%.bin: $(B)/%.elf
	$(Q)$(TOOL)objcopy -O binary $< $@

$(B)/%.hex: $(B)/%.elf
	$(Q)$(TOOL)objcopy -O ihex $< $@

$(B)/%.o: %.c Makefile boards/chip/chip.mk boards/$(BOARD)/board.mk | $(LWIP)/COPYING
	@echo "CC  $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MD -MP -c -o $@ $<

$(LWIP_OBJ): CFLAGS += -w

$(B)/boards/chip/conf.o: boards/chip/conf.S boards/$(BOARD)/midge.conf
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPU) -DBOARD_CONF='"boards/$(BOARD)/midge.conf"' -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- Running it ----------------------------------------------------------------------------------

# Flash that is erased where it begins, in a file as large as the memory that QEMU maps on it.
$(B)/flash.bin:
	@mkdir -p $(@D)
	$(Q)head -c $(word 1,$(FLASH_FILE)) /dev/zero | tr '\0' '\377' >$@
	$(Q)truncate -s $(word 2,$(FLASH_FILE)) $@

# From the folder of the image, since a chip without a model of its flash opens flash.bin there.
EMULATE = cd $(B) && exec qemu-system-arm $(QEMU) -display none -monitor none \
          -semihosting-config enable=on,target=native
NETWORK = -nic user,model=$(NIC),hostfwd=tcp:127.0.0.1:4222-:4222,hostfwd=tcp:127.0.0.1:8222-:8222

run: $(B)/midge.elf $(B)/flash.bin
	$(EMULATE) $(NETWORK) -serial stdio -kernel midge.elf $(ARGS)

GDB := gdb-multiarch -q $(B)/midge.elf

ifdef OPENOCD
flash: $(B)/midge.elf
	openocd $(OPENOCD) -c "program $< verify reset exit"
else
flash:
	@echo "$(BOARD) is not written by OpenOCD: see boards/README.md" >&2; exit 1
endif

ifeq ($(ON),board)
debug: $(B)/midge.elf
	$(GDB) -ex 'target extended-remote | openocd $(subst ",\",$(OPENOCD)) -c "gdb_port pipe"'
else
debug: $(B)/midge.elf $(B)/flash.bin
	$(GDB) -ex 'target remote | $(EMULATE) $(NETWORK) -serial file:console.log -S -gdb stdio \
	    -kernel midge.elf'
endif

# ---- What it takes -------------------------------------------------------------------------------

# Every variable of 256 B or more, and all else.
ram: $(B)/midge.elf
	@$(TOOL)nm -t d -S --size-sort -r $< | awk '$$3 ~ /[bBdD]/ { \
	    if ($$2 >= 256) printf "%-24s %8d B\n", $$4, $$2; else rest += $$2; all += $$2 } \
	    END { printf "%-24s %8d B\n%-24s %8d B\n", "all else", rest, "variables", all }'
	@$(TOOL)nm -t d $< | awk '{ at[$$3] = $$1 } END { \
	    printf "%-24s %8d B\n", "stacks", at["exception_stack_end"] - at["stack_begin"] }'

size: $(B)/midge.elf
	@$(TOOL)size -A $< | awk -v code=$(CODE_BYTES_MAX) -v ram=$(RAM_BYTES_MAX) ' \
	    $$1 ~ /^\.(text|ARM.exidx|data)$$/ { c += $$2 } \
	    $$1 ~ /^\.(stack|noinit|data|bss)$$/ { r += $$2 } \
	    END { printf "$(BOARD): flash %d of %d B, RAM %d of %d B\n", c, code, r, ram; \
	          exit c > code || r > ram }'

stack: $(B)/midge.elf
	@sort -t '	' -k 2 -n -r $(B)/midge.elf.*.su | head -n 20 | \
	    awk -F '\t' '{ sub(".*:", "", $$1); printf "%6d B  %s\n", $$2, $$1 }'

.PRECIOUS: $(B)/flash.bin
