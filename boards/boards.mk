# The boards with a chip. Each says in its board.mk what it has; tests/size/boards.txt, what Midge takes
# of it.

# A profile is another image for a board, with limits of its own: it includes that board's board.mk.

board_names = $(patsubst boards/%/board.mk,%,$(1))
PROFILES := $(call board_names,$(shell grep -l '^include boards/' boards/*/board.mk))
CHIPS    := $(filter-out template $(PROFILES),$(call board_names,$(wildcard boards/*/board.mk)))

boards:
	@printf '%-16s %-44s %9s %9s\n' board 'chip' 'flash' 'RAM'
	@for board in $(sort $(CHIPS) $(PROFILES)); do \
	    awk -v board=$$board 'FNR == NR { if (FNR == 1) chip = substr($$0, 3); next } \
	        $$1 == board { takes[$$2] = $$3 } \
	        END { printf "%-16s %-44s %9d %9d\n", board, chip, takes["flash"], takes["RAM"] }' \
	        boards/$$board/board.mk tests/size/boards.txt; \
	done

# What only a chip has.
ifeq ($(BOARD),linux)
image flash config provision debug stack: boards
	@echo "Which board? make BOARD=... $@" >&2; exit 1
endif
