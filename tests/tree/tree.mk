# The house rules that a machine can hold. Objects for Cortex-M3 tell what broker/ really needs,
# since there the compiler adds nothing of a hosted system's.

SUITES += tree

tree: cortex-m3 $(B)/midge.a
	@python3 tests/tree/tree.py $(M3) $(B)
