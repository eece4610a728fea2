# Tests of the runtime against real servers, which each program starts for itself. The
# runtime has job types of the tests' own (lib/registry.c) instead of the product's.

WT_RUNTIME_SRC := $(filter-out worker/main.c,$(wildcard worker/*.c worker/commands/*.c \
                                                        worker/store/*.c))
WT_LIB_SRC     := $(wildcard t/worker/lib/*.c)
WT_SRC         := $(wildcard t/worker/*.c)
WT_BUILD       := $(BUILD)/worker-tests
WT_BIN         := $(WT_SRC:t/worker/%.c=$(WT_BUILD)/%)
WT_OBJ          = $(call tested,$(WT_RUNTIME_SRC)) $(WT_LIB_SRC:%.c=$(TESTED)/%.o)

# What these tests and those of the handlers share: the files of the worker that have places
# where it may be let die (crash.h) are compiled once more, with those; the others are the
# product's. All are compiled for a sanitizer that TESTED_SANITIZE names.
TESTED       := $(BUILD)/tested
TESTED_SRC   := $(if $(TESTED_SANITIZE),$(WORKER_SRC) worker/main.c,\
                $(shell grep -l '"worker/crash.h"' $(WORKER_SRC)))
TESTED_FLAGS := -DWK_CRASH_POINTS $(TESTED_SANITIZE)
TESTED_LINK   = $(CC) $(TESTED_SANITIZE) $(FAST_LINK)

# The objects of sources of the worker, as the tests have them.
tested = $(patsubst %.c,$(TESTED)/%.o,$(filter $(TESTED_SRC),$(1))) \
         $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(TESTED_SRC),$(1)))

.PHONY: worker-tests worker-tests-build
worker-tests-build: $(WT_BIN) $(WT_BUILD)/voiceagent-worker

## make worker-tests       the tests of the workers' runtime
worker-tests: worker-tests-build
	prove --exec '' $(WT_BIN)

$(TESTED)/%.o: %.c | $(MADE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(TESTED_FLAGS) -MMD -MP -c -o $@ $<

$(WT_BUILD)/libruntime.a: $(WT_OBJ)
	@mkdir -p $(@D)
	rm -f $@ && $(AR) rcs $@ $^

$(WT_BUILD)/voiceagent-worker: $(call tested,worker/main.c) $(WT_BUILD)/libruntime.a $(BUILD)/libvacore.a
	$(TESTED_LINK) -o $@ $^ $(WORKER_LIBS)

$(WT_BIN): $(WT_BUILD)/%: $(TESTED)/t/worker/%.o $(WT_BUILD)/libruntime.a $(BUILD)/libvacore.a
	$(TESTED_LINK) -o $@ $^ -lcmocka $(WORKER_LIBS)

$(WT_BIN): | $(WT_BUILD)/voiceagent-worker $(BUILD)/migrated.tar

# A cluster of Postgres with the schema, of which each program has a copy of its own.
$(BUILD)/migrated.tar: t/worker/migrated.sh worker/commands/migrate.c $(wildcard sql/*.sql) \
                       | $(BUILD)/voiceagent-worker
	t/worker/migrated.sh $(BUILD)/voiceagent-worker $@

-include $(wildcard $(TESTED)/*/*.d $(TESTED)/*/*/*.d $(TESTED)/*/*/*/*.d)
