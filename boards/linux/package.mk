# make install, and a Debian package of what that installs.

PREFIX  ?= /usr/local
VERSION := $(shell sed -n 's/^\#define MIDGE_VERSION "\(.*\)"/\1/p' broker/broker.h)

# The distribution's name of the architecture, for a cross compiler too.
DEB_ARCH = $(or $(DEB_ARCH_$(ARCH)),$(shell dpkg --print-architecture))
DEB_ARCH_aarch64 := arm64
DEB_ARCH_arm     := armhf
DEB_ARCH_i686    := i386
DEB_ARCH_mipsel  := mipsel
DEB_ARCH_riscv64 := riscv64

DEB      = build/midge_$(VERSION)_$(DEB_ARCH).deb
DEB_ROOT = $(B)/package

# A configuration that is there stays.
install: hub
	install -D -s --strip-program=$(CROSS)strip $(B)/midge $(DESTDIR)$(PREFIX)/sbin/midge
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/sbin/|$(PREFIX)/sbin/|' boards/linux/midge.service \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/system/midge.service
	install -D -m 644 boards/linux/midge.8 $(DESTDIR)$(PREFIX)/share/man/man8/midge.8
	install -D -m 644 boards/linux/midge.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/midge.conf.5
	[ -e $(DESTDIR)/etc/midge.conf ] || \
	    install -D -m 644 boards/linux/midge.conf $(DESTDIR)/etc/midge.conf

deb: hub
	$(Q)rm -rf $(DEB_ROOT)
	$(Q)$(MAKE) --no-print-directory -s install DESTDIR=$(DEB_ROOT) PREFIX=/usr
	$(Q)gzip -9n $(DEB_ROOT)/usr/share/man/man?/*
	$(Q)install -D -m 644 LICENSE $(DEB_ROOT)/usr/share/doc/midge/copyright
	$(Q)install -d $(DEB_ROOT)/DEBIAN
	$(Q)install -m 755 boards/linux/debian/p* $(DEB_ROOT)/DEBIAN
	$(Q)install -m 644 boards/linux/debian/conffiles $(DEB_ROOT)/DEBIAN
	@# The oldest C library that has what the hub calls.
	$(Q)libc=$$($(CROSS)objdump -T $(B)/midge | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1) && \
	    sed "s/@VERSION@/$(VERSION)/; s/@ARCH@/$(DEB_ARCH)/; s/@LIBC@/$${libc#GLIBC_}/" \
	        boards/linux/debian/control >$(DEB_ROOT)/DEBIAN/control
	$(Q)dpkg-deb --root-owner-group --build $(DEB_ROOT) $(DEB)
