# The broker as two files, for a project with a stack, a loop and a build of its own; and beside them
# the ports to begin with, as they are here but for the name of the header.

DIST       := build/dist
DIST_PORTS := hal/hal.h port/port.h port/template.c port/lwip.c \
              $(wildcard port/lwip/*.[ch] port/lwip/arch/*.h)

dist: $(DIST)/midge.c $(addprefix $(DIST)/,LICENSE README $(DIST_PORTS))

$(DIST)/midge.c: boards/dist/dist.py $(wildcard broker/*.[ch] broker/*/*.[ch])
	@echo "GEN $@"
	@mkdir -p $(@D)
	$(Q)python3 $< $(@D)

$(addprefix $(DIST)/,$(DIST_PORTS)): $(DIST)/%: % boards/dist/dist.mk
	@mkdir -p $(@D)
	$(Q)sed 's|"broker/[a-z]*\.h"|"midge.h"|' $< >$@

$(DIST)/LICENSE: LICENSE
$(DIST)/README: boards/dist/README
$(DIST)/LICENSE $(DIST)/README:
	@mkdir -p $(@D)
	$(Q)cp $< $@
