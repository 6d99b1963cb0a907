# The boards with a chip. Each says in its board.mk what it has, and what Midge may take of it.

CHIPS := $(filter-out template,$(patsubst boards/%/board.mk,%,$(wildcard boards/*/board.mk)))

boards:
	@printf '%-16s %-44s %9s %9s\n' board 'chip' 'flash <=' 'RAM <='
	@for board in $(CHIPS); do \
	    sed -n '1s/^# //p; s/^CODE_BYTES_MAX *:= *//p; s/^RAM_BYTES_MAX *:= *//p' \
	        boards/$$board/board.mk | paste -sd '\t' | \
	        awk -F '\t' -v board=$$board '{ printf "%-16s %-44s %9d %9d\n", board, $$1, $$2, $$3 }'; \
	done

# What only a chip has.
ifeq ($(BOARD),linux)
image flash config debug stack: boards
	@echo "Which board? make BOARD=... $@" >&2; exit 1
endif
