# Tests of the runtime against real servers, which each program starts for itself. The
# runtime is built a second time, with the places where it may be let die (crash.h), and
# with job types of the tests' own (lib/registry.c) instead of the product's.

WT_RUNTIME_SRC := $(filter-out worker/main.c,$(wildcard worker/*.c worker/commands/*.c \
                                                        worker/store/*.c))
WT_LIB_SRC     := $(wildcard t/worker/lib/*.c)
WT_SRC         := $(wildcard t/worker/*.c)
WT_BUILD       := $(BUILD)/worker-tests
WT_OBJ         := $(WT_RUNTIME_SRC:%.c=$(WT_BUILD)/%.o) $(WT_LIB_SRC:%.c=$(WT_BUILD)/%.o)
WT_BIN         := $(WT_SRC:t/worker/%.c=$(WT_BUILD)/%)
WT_CFLAGS      := -DWK_CRASH_POINTS $(WT_SANITIZE)

.PHONY: worker-tests worker-tests-build
worker-tests-build: $(WT_BIN) $(WT_BUILD)/voiceagent-worker

## make worker-tests       the tests of the workers' runtime
worker-tests: worker-tests-build
	prove --exec '' $(WT_BIN)

$(WT_BUILD)/%.o: %.c | $(BUILD)/scripts.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WT_CFLAGS) -MMD -MP -c -o $@ $<

$(WT_BUILD)/libruntime.a: $(WT_OBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(WT_BUILD)/voiceagent-worker: $(WT_BUILD)/worker/main.o $(WT_BUILD)/libruntime.a $(BUILD)/libvacore.a
	$(CC) $(WT_SANITIZE) -o $@ $^ $(WORKER_LIBS)

$(WT_BIN): $(WT_BUILD)/%: $(WT_BUILD)/t/worker/%.o $(WT_BUILD)/libruntime.a $(BUILD)/libvacore.a
	$(CC) $(WT_SANITIZE) -o $@ $^ -lcmocka $(WORKER_LIBS)

$(WT_BIN): | $(WT_BUILD)/voiceagent-worker

-include $(WT_OBJ:.o=.d) $(WT_SRC:%.c=$(WT_BUILD)/%.d) $(WT_BUILD)/worker/main.d
