# Images for chips: broker/, port/lwip.c and lwIP over the files of hal/ that the board names.

ifeq ($(wildcard boards/$(BOARD)/board.mk),)
$(info There is no board "$(BOARD)". These are:)
$(info $(shell $(MAKE) --no-print-directory -s BOARD=linux boards | sed 's/$$/|/' | tr '|' '\n'))
$(error unknown BOARD)
endif

.DEFAULT_GOAL := image

include boards/$(BOARD)/board.mk

B        := build/$(BOARD)
TOOL     := arm-none-eabi-
CC       := $(TOOL)gcc
CPPFLAGS := -I. -Iport/lwip -I$(dir $(LWIP))../include -include boards/$(BOARD)/board.h
CFLAGS   := -g -Os $(CPU) $(DIALECT) -ffunction-sections -fdata-sections -fstack-usage
LDFLAGS  := $(CPU) -g -Os -nostartfiles --specs=nano.specs -Wl,--gc-sections \
            -T boards/$(BOARD)/board.ld

HAL_OBJ   := $(HAL:%=$(B)/hal/%.o)
LWIP_SRC  := $(addprefix $(dir $(LWIP)),$(LWIP_CORE)) $(dir $(LWIP))../netif/ethernet.c
LWIP_OBJ  := $(LWIP_SRC:%.c=$(B)/%.o)
IMAGE_SRC := $(wildcard broker/*.c broker/*/*.c port/lwip*.c boards/chip/*.c boards/$(BOARD)/*.c)
IMAGE_OBJ := $(IMAGE_SRC:%.c=$(B)/%.o) $(HAL_OBJ)

image: $(B)/midge.elf $(B)/midge.bin $(B)/midge.hex

# What allocates or prints by the C library has no place in an image.
FORBIDDEN := malloc|free|calloc|realloc|_sbrk|_malloc_r|_free_r|printf|sprintf|snprintf|vsnprintf

define LINK
@echo "LD  $@"
$(Q)$(CC) $(LDFLAGS) -Wl,-Map=$(@:.elf=.map) -o $@ $(filter %.o,$^)
$(Q)! $(TOOL)nm $@ | grep -E ' ($(FORBIDDEN))$$' || { rm $@; exit 1; }
endef

$(B)/midge.elf: $(IMAGE_OBJ) $(LWIP_OBJ)
	$(LINK)

$(B)/hal.elf: $(B)/tests/boards/hal.o $(HAL_OBJ)
	$(LINK)

$(B)/%.elf: boards/$(BOARD)/board.ld boards/chip/image.ld

$(B)/%.bin: $(B)/%.elf
	$(Q)$(TOOL)objcopy -O binary $< $@

$(B)/%.hex: $(B)/%.elf
	$(Q)$(TOOL)objcopy -O ihex $< $@

$(B)/%.o: %.c Makefile boards/chip/chip.mk boards/$(BOARD)/board.mk
	@echo "CC  $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)
