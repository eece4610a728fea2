# Unit tests: one program a file, each speaking TAP. A test that includes nothing
# of the worker is linked with core/ alone, as the module is.

UNIT_SRC        := $(wildcard t/unit/test_*.c)
UNIT_WORKER_SRC := $(if $(UNIT_SRC),$(shell grep -l 'include "worker/' $(UNIT_SRC)))
UNIT_CORE_SRC   := $(filter-out $(UNIT_WORKER_SRC),$(UNIT_SRC))
UNIT_CORE_BIN   := $(UNIT_CORE_SRC:%.c=$(BUILD)/%)
UNIT_WORKER_BIN := $(UNIT_WORKER_SRC:%.c=$(BUILD)/%)

.PHONY: unit unit-core check-core
unit: $(UNIT_CORE_BIN) $(UNIT_WORKER_BIN)
unit-core: $(UNIT_CORE_BIN)

## make check-core         the unit tests of core/
check-core: $(UNIT_CORE_BIN)
	prove --exec '' $(UNIT_CORE_BIN)

$(UNIT_CORE_BIN): $(BUILD)/%: %.c $(BUILD)/libvacore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/libvacore.a $(FAST_LINK) $(UNIT_LDFLAGS) \
	    -lcmocka $(CORE_LIBS)

$(UNIT_WORKER_BIN): $(BUILD)/%: %.c $(BUILD)/libvaworker.a $(BUILD)/libvacore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/libvaworker.a $(BUILD)/libvacore.a \
	    $(FAST_LINK) -lcmocka -lm $(WORKER_LIBS)

$(BUILD)/t/unit/test_extraction: | $(BUILD)/voiceagent-extract

# It lets the n-th malloc() fail, those that core/ makes for yajl included.
$(BUILD)/t/unit/test_torture: UNIT_LDFLAGS := -Wl,--wrap=malloc,--wrap=realloc

-include $(wildcard $(BUILD)/t/unit/*.d)

include t/fuzz/rules.mk
