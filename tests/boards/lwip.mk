# port/lwip.c with a chip's limits, in a Linux process whose Ethernet is a tap device, under ASan and
# UBSan: tests/boards/lwip.py. Needs root, for a network namespace of its own.

SUITES += lwip

LWIP     ?= build/cache/lwip
LWIP_DIR := build/lwip
LWIP_STACK := $(addprefix src/core/,init.c def.c inet_chksum.c ip.c mem.c memp.c netif.c pbuf.c \
                  stats.c tcp.c tcp_in.c tcp_out.c timeouts.c udp.c) \
              $(addprefix src/core/ipv4/,dhcp.c etharp.c icmp.c ip4.c ip4_addr.c) \
              src/netif/ethernet.c
LWIP_OURS := $(wildcard broker/*.c broker/*/*.c) port/lwip.c $(wildcard tests/boards/lwip/*.c)
LWIP_OBJ  := $(LWIP_OURS:%.c=$(LWIP_DIR)/%.o) $(LWIP_STACK:%.c=$(LWIP_DIR)/stack/%.o)
LWIP_CC   := gcc -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
             -fno-omit-frame-pointer -MD -MP -I. -include tests/boards/lwip/board.h -Iport/lwip \
             -isystem $(LWIP)/src/include

lwip: $(LWIP_DIR)/chip
	unshare --net python3 tests/boards/lwip.py $<

$(LWIP_DIR)/chip: $(LWIP_OBJ)
	@echo "LD  $@"
	$(Q)gcc -fsanitize=address,undefined -Wl,--wrap=memp_malloc -o $@ $^

$(LWIP_DIR)/tests/%.o: LWIP_CC += -D_GNU_SOURCE

$(LWIP_DIR)/stack/%.o: $(LWIP)/%.c tests/boards/lwip.mk
	@mkdir -p $(@D)
	$(Q)$(LWIP_CC) -std=c11 -w -c -o $@ $<

$(LWIP_DIR)/%.o: %.c tests/boards/lwip.mk
	@echo "CC  $<"
	@mkdir -p $(@D)
	$(Q)$(LWIP_CC) $(DIALECT) -c -o $@ $<

-include $(LWIP_OBJ:.o=.d)
