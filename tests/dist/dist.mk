# What make dist gives, as somebody would use it who has nothing else of Midge.

SUITES_BUSY += twofiles
PREPARED    += dist

twofiles: dist hub $(LWIP)/COPYING
	@LWIP_SRC="$(LWIP_SRC)" tests/dist/run $(filter-out $(B)/broker/%,$(HUB_OBJ) $(LIB_OBJ))
