# The sources of others that go into an image, fetched into build/cache as what the tests need is.
# packages.sums has the checksums of the versions that were tried, packages.md the licences.

CACHE := build/cache
LWIP  := $(CACHE)/lwip

# What of lwIP an image has; without IPv6 those of ipv6/ are empty, and without mDNS its own.
LWIP_SRC := $(addprefix $(LWIP)/src/core/,init.c def.c inet_chksum.c ip.c mem.c memp.c netif.c \
                pbuf.c stats.c tcp.c tcp_in.c tcp_out.c timeouts.c udp.c) \
            $(addprefix $(LWIP)/src/core/ipv4/,dhcp.c etharp.c icmp.c igmp.c ip4.c ip4_addr.c) \
            $(addprefix $(LWIP)/src/core/ipv6/,ethip6.c icmp6.c inet6.c ip6.c ip6_addr.c mld6.c \
                nd6.c) \
            $(addprefix $(LWIP)/src/apps/mdns/,mdns.c mdns_domain.c mdns_out.c) \
            $(LWIP)/src/netif/ethernet.c

$(LWIP)/COPYING: port/packages.sums
	tests/setup/deb next src:lwip $(LWIP)
	@touch $@

$(LWIP_SRC): $(LWIP)/COPYING ;
