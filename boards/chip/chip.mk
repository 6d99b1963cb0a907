# Images for chips: broker/, port/lwip.c and lwIP, over the files of hal/ that the board names.

ifeq ($(wildcard boards/$(BOARD)/board.mk),)
$(shell $(MAKE) --no-print-directory -s BOARD=linux boards >&2)
$(error there is no board "$(BOARD)": BOARD is one of these, or linux)
endif

.DEFAULT_GOAL := image

include boards/$(BOARD)/board.mk

B        := build/$(BOARD)$(if $(PLAIN),-plain)
TOOL     := arm-none-eabi-
CC       := $(TOOL)gcc
# A board says in board.mk whether it has TLS. PLAIN=1 leaves that out, and all else that secures it.
ifdef PLAIN
override TLS :=
override NKEYS :=
endif
LIMITS   := -DMIDGE_TLS=$(or $(TLS),0) -include boards/$(BOARD)/board.h \
            $(if $(PLAIN),-include tests/size/plain.h)
CPPFLAGS := -I. -Iport/lwip -isystem $(LWIP)/src/include $(LIMITS)
# For size, -Os leaves a few passes on that move values into registers early, and then spill them.
SMALL    := -fno-move-loop-invariants -fno-forward-propagate -fno-tree-fre
CFLAGS   := -g -Os -flto $(SMALL) $(CPU) $(DIALECT) -ffunction-sections -fdata-sections
# As one partition, since assembly refers to functions.
LDFLAGS  := -g -Os -flto -flto-partition=one -fcallgraph-info=su,da $(CPU) -nostartfiles \
            --specs=nano.specs -Wl,--gc-sections,--fatal-warnings -T boards/$(BOARD)/board.ld

# A slot of MCUboot that the image is linked to: SLOT="0x8000 0x1a000", its place in flash and its
# bytes.
SLOT :=
SLOT_HEADER_BYTES := 512
ifdef SLOT
LDFLAGS += -Wl,--defsym=SLOT_AT=$(word 1,$(SLOT)),--defsym=SLOT_BYTES=$(word 2,$(SLOT)) \
           -Wl,--defsym=SLOT_HEADER_BYTES=$(SLOT_HEADER_BYTES)
endif

HAL_OBJ   := $(HAL:%=$(B)/hal/%.o)
LWIP_OBJ  := $(LWIP_SRC:%.c=$(B)/%.o)
IMAGE_SRC := $(wildcard broker/*.c broker/*/*.c boards/chip/*.c) port/lwip.c $(wildcard port/lwip/*.c)
# A board with MIDGE_NKEYS says NKEYS := 1. With TLS, port/tls/curve25519_small.c has what that and
# NKeys share.
CRYPTO_OBJ := $(if $(NKEYS)$(TLS),$(patsubst %.c,$(B)/%.o,port/crypto.c port/ed25519_small.c \
                  $(filter-out %/sign.c %/keypair.c $(if $(TLS),%25519.c %25519_ref10.c), \
                      $(SODIUM_SRC) $(if $(TLS),$(TLS_SODIUM_SRC)))))
MBEDTLS_OBJ := $(if $(TLS),$(patsubst %.c,$(B)/%.o,$(MBEDTLS_SRC) $(MBEDTLS)/library/gcm.c))
TLS_OBJ   := $(if $(TLS),$(patsubst %.c,$(B)/%.o,port/handshakes.c port/tls.c \
                 $(filter-out port/tls/gcm%,$(wildcard port/tls/*.c)))) $(MBEDTLS_OBJ)
IMAGE_OBJ := $(IMAGE_SRC:%.c=$(B)/%.o) $(B)/boards/chip/conf.o $(HAL_OBJ) $(LWIP_OBJ) \
             $(CRYPTO_OBJ) $(TLS_OBJ)

# Seconds that what is new in flash has to work, for tests: TRIAL_S=5.
TRIAL_S :=
ifdef TRIAL_S
TRIAL_OBJ := $(B)/boards/chip/trial-$(TRIAL_S).o
IMAGE_OBJ := $(filter-out %/trial.o,$(IMAGE_OBJ)) $(TRIAL_OBJ)
$(TRIAL_OBJ): boards/chip/trial.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -DTRIAL_S=$(TRIAL_S) $(CFLAGS) -MD -MP -c -o $@ $<
endif

# The application on the same chip, which the image is named after, and after these.
APP   := midge
IMAGE := $(B)/$(APP)$(addprefix -at-,$(firstword $(SLOT)))$(addprefix -trial-,$(TRIAL_S))

image: $(IMAGE).elf $(IMAGE).bin $(IMAGE).hex $(IMAGE).licenses.txt

example:
	@$(MAKE) --no-print-directory -s APP=sensor image

# What allocates, or prints by the C library, has no place in an image.
FORBIDDEN := _?(malloc|free|calloc|realloc|sbrk|v?f?s?n?i?printf)(_r)?

$(IMAGE).elf: $(IMAGE_OBJ) $(B)/boards/chip/app/$(APP).o
$(B)/hal.elf: $(B)/tests/boards/hal.o $(HAL_OBJ)
$(B)/cost.elf: $(B)/tests/boards/cost.o $(filter $(B)/broker/%,$(IMAGE_OBJ)) $(HAL_OBJ) \
               $(CRYPTO_OBJ) $(filter %25519_small.o,$(TLS_OBJ))
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

# The time that no image of these sources runs before.
BUILD_S := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),$(shell date +%s))
$(B)/boards/chip/clock.o: CPPFLAGS += -DCLOCK_BUILD_S=$(BUILD_S)u

$(LWIP_OBJ): CFLAGS += -w
# Each function of libsodium keeps its own frame: in one, those of calls that never meet would add
# up.
$(filter $(B)/build/%,$(CRYPTO_OBJ)): CFLAGS += $(SODIUM_FLAGS) -fno-lto
$(B)/port/crypto.o: CFLAGS += -fno-lto
$(CRYPTO_OBJ): CPPFLAGS += $(SODIUM_PATHS)
$(CRYPTO_OBJ): | $(SODIUM)/LICENSE
$(MBEDTLS_OBJ): CFLAGS += -w
$(TLS_OBJ): CPPFLAGS += $(TLS_FLAGS)
$(B)/port/ed25519_small.o $(B)/port/tls/curve25519_small.o: CFLAGS += $(SODIUM_FLAGS) -isystem $(SODIUM_ROOT) -fno-lto
$(TLS_OBJ): port/tls/config.h | $(MBEDTLS)/LICENSE $(SODIUM)/LICENSE
$(addprefix $(B)/$(MBEDTLS)/library/,$(MBEDTLS_KEYS)): CPPFLAGS += $(TLS_KEYS_FLAGS)
$(filter $(addprefix $(B)/$(MBEDTLS)/library/,$(MBEDTLS_NUMBERS)),$(MBEDTLS_OBJ)): \
    CPPFLAGS += -DTLS_NUMBERS
$(addprefix $(B)/$(MBEDTLS)/library/,$(MBEDTLS_SERVER)): CPPFLAGS += -DTLS_SERVER

$(B)/boards/chip/conf.o: boards/chip/conf.S boards/$(BOARD)/midge.conf
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPU) -DBOARD_CONF='"boards/$(BOARD)/midge.conf"' -c -o $@ $<

# What it contains of others, and on which terms.
LICENSES := LICENSE $(LWIP)/COPYING $(if $(NKEYS)$(TLS),$(SODIUM)/LICENSE) $(if $(TLS),$(MBEDTLS)/LICENSE) \
            $(wildcard /usr/share/doc/libnewlib-arm-none-eabi/copyright /usr/share/doc/gcc-arm-none-eabi/copyright)

$(B)/%.licenses.txt: $(B)/%.elf port/packages.md $(LICENSES)
	$(Q){ cat port/packages.md; printf '\n## Taken from the libraries of the compiler\n\n'; \
	    sed -n 's/^[^ ].*\/\(lib[a-z_]*\.a\)(\(.*\))$$/    \1 \2/p' $(<:.elf=.map) | sort -u; \
	    for text in $(LICENSES); do printf '\n## %s\n\n' $$text; cat $$text; done; } >$@

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

run: $(IMAGE).elf $(B)/flash.bin
	$(EMULATE) $(NETWORK) -serial stdio -kernel $(notdir $(IMAGE)).elf $(ARGS)

GDB := gdb-multiarch -q $(IMAGE).elf

ifdef OPENOCD
flash: $(IMAGE).elf
	openocd $(OPENOCD) -c "program $< verify reset exit"
else
flash:
	@echo "$(BOARD) is not written by OpenOCD: see boards/README.md" >&2; exit 1
endif

ifeq ($(ON),board)
debug: $(IMAGE).elf
	$(GDB) -ex 'target extended-remote | openocd $(subst ",\",$(OPENOCD)) -c "gdb_port pipe"'
else
debug: $(IMAGE).elf $(B)/flash.bin
	$(GDB) -ex 'target remote | $(EMULATE) $(NETWORK) -serial file:console.log -S -gdb stdio \
	    -kernel $(notdir $(IMAGE)).elf'
endif

# ---- Configuration -------------------------------------------------------------------------------

HOST_SRC := boards/chip/host/host.c boards/chip/slots.c boards/chip/settings.c \
            boards/chip/identity.c hal/nor.c hal/file_flash.c hal/seed.c hal/chacha20.c \
            $(wildcard broker/auth/*.c broker/conf/*.c broker/core/*.c)
HOST_OBJ := $(HOST_SRC:%.c=$(B)/host/%.o)

$(B)/host/config $(B)/host/provision: $(B)/host/%: $(B)/host/boards/chip/host/%.o $(HOST_OBJ)
	$(Q)gcc -Wl,--gc-sections -o $@ $^

$(B)/host/%.o: %.c boards/chip/chip.mk boards/$(BOARD)/board.h
	@mkdir -p $(@D)
	$(Q)gcc -I. -D_GNU_SOURCE $(LIMITS) -O1 $(DIALECT) -ffunction-sections \
	    -fdata-sections -MMD -MP -c -o $@ $<

# Either takes the variables of both. Of QEMU's board it writes beside what is there; of a real one all
# data is written at once, and what is not given is erased.
ifneq ($(ON),board)
config provision: DATA = $(B)/flash.bin
config provision: $(B)/flash.bin
else ifdef OPENOCD
config provision: DATA = $(B)/device.bin
config provision: $(B)/device.bin
# Of board.h, what a macro stands for.
macro = $(patsubst %u,%,$(shell echo $(1) | gcc -E -P -include boards/$(BOARD)/board.h -))
burn  = openocd $(OPENOCD) -c "program $(DATA) $(call macro,HAL_FLASH) verify reset exit"

.PHONY: $(B)/device.bin
$(B)/device.bin:
	@mkdir -p $(@D)
	$(Q)head -c $$(($(call macro,HAL_FLASH_BYTES))) /dev/zero | tr '\0' '\377' >$@
else
config provision: no-data
.PHONY: no-data
no-data:
	@echo "$(BOARD) is not written by OpenOCD: paste $(FILE) on its console, after config write" >&2
	@exit 1
endif

PARTS := $(foreach part,CERT KEY CA SEED CREDS,$(addprefix $(part)=,$($(part))))

provision config: $(B)/host/provision $(B)/host/config
	$(Q)[ -n "$(PARTS)$(FILE)" ] || { \
	    echo "FILE=..., CERT=... KEY=..., SEED=... or CREDS=...: see boards/README.md" >&2; exit 1; }
	$(if $(PARTS),$(Q)$(B)/host/provision $(PARTS) 0<>$(DATA))
	$(if $(FILE),$(Q)$(B)/host/config $(FILE) 0<>$(DATA))
	$(burn)

# ---- What it takes -------------------------------------------------------------------------------

# Every variable of 256 B or more, and all else.
ram: $(IMAGE).elf
	@$(TOOL)nm -t d -S --size-sort -r $< | awk '$$3 ~ /[bBdD]/ { \
	    if ($$2 >= 256) printf "%-24s %8d B\n", $$4, $$2; else rest += $$2; all += $$2 } \
	    END { printf "%-24s %8d B\n%-24s %8d B\n", "all else", rest, "variables", all }'
	@$(TOOL)nm -t d $< | awk '{ at[$$3] = $$1 } END { \
	    printf "%-24s %8d B\n", "stacks", at["exception_stack_end"] - at["stack_begin"] }'

size: $(B)/midge.elf $(B)/broker.elf \
      $(if $(shell grep '^$(BOARD) *security' tests/size/boards.txt),plain)
	@tests/size/boards.py $(BOARD)

.PHONY: plain
plain:
	@$(MAKE) --no-print-directory -s BOARD=$(BOARD) PLAIN=1 build/$(BOARD)-plain/midge.elf

# broker/ alone, with what the image calls of it.
BROKER_OBJ := $(filter $(B)/broker/%,$(IMAGE_OBJ))
$(B)/broker.elf: $(IMAGE_OBJ)
	$(Q)$(CC) $(LDFLAGS) -nostdlib -Wl,-e,midge_init,--unresolved-symbols=ignore-all \
	    $$($(TOOL)gcc-nm --quiet -u $(filter-out $(BROKER_OBJ),$^) | \
	        sed -n 's/^ *U midge_/-Wl,-u,midge_/p') -o $@ $(BROKER_OBJ)

stack: $(IMAGE).elf
	@python3 -B tests/size/stack.py $<

.PRECIOUS: $(B)/flash.bin
