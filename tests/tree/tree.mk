# The house rules that a machine can hold. Objects for Cortex-M3 tell what broker/ really needs,
# since there the compiler adds nothing of a hosted system's.

SUITES_BUSY += tree

tree: $(B)/tests/size/ram $(M3_OBJ) $(LIB_OBJ)
	@python3 tests/tree/tree.py $< $(M3_OBJ) -- $(LIB_OBJ)
