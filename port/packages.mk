# The sources of others that go into an image, fetched into build/cache as what the tests need is.
# packages.sums has the checksums of the versions that were tried, packages.md the licences.

CACHE := build/cache
LWIP  := $(CACHE)/lwip/src/core/init.c

$(LWIP): port/packages.sums
	tests/setup/deb next src:lwip $(CACHE)/lwip
	@touch $@
