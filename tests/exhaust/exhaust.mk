# What happens when a pool is full, for every pool and every take: the broker with a small chip's
# limits and pools that fail on demand, under ASan and UBSan.

SUITES += exhaust

EXHAUST     := build/exhaust
EXHAUST_OBJ := $(patsubst %.c,$(EXHAUST)/%.o,$(wildcard broker/*.c broker/*/*.c tests/exhaust/*.c) \
                 tests/panic.c)
EXHAUST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all

exhaust: $(EXHAUST)/exhaust
	@$<

$(EXHAUST)/exhaust: $(EXHAUST_OBJ)
	@echo "LD  $@"
	$(Q)$(CC) $(EXHAUST_SAN) -o $@ $^

$(EXHAUST)/%.o: %.c Makefile tests/exhaust/exhaust.mk
	@echo "CC  $< (with faults)"
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -I. -DMIDGE_FAULTS $(DIALECT) $(EXHAUST_SAN) -MMD -MP -c -o $@ $<

-include $(EXHAUST_OBJ:.o=.d)
