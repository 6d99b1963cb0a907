# What make install installs, and the Debian package: in a copy of this machine that vanishes with
# the test, on a network of its own. That takes root.

SUITES += package

AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo)

# Of a chroot that is no mount of its own, the propagation cannot be changed.
PROPAGATION = $(or $(shell awk '$$5 == "/" { print "private"; exit }' /proc/self/mountinfo),unchanged)

package: deb
	@rm -rf build/installed
	@$(MAKE) --no-print-directory -s install DESTDIR=build/installed
	@$(AS_ROOT) unshare --mount --propagation $(PROPAGATION) --net \
	    python3 -B tests/boards/package.py $(DEB) build/installed
