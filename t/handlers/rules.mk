# Tests of the handlers of the product: each job goes the way of a real one (job.h), against
# private servers with the demo shops.

HT_LIB_SRC := $(wildcard t/handlers/lib/*.c) t/worker/lib/fixture.c t/worker/lib/servers.c
HT_SRC     := $(wildcard t/handlers/*.c)
HT_BUILD   := $(BUILD)/handler-tests
HT_LIB_OBJ := $(HT_LIB_SRC:%.c=$(HT_BUILD)/%.o)
HT_BIN     := $(HT_SRC:t/handlers/%.c=$(HT_BUILD)/%)

.PHONY: handler-tests handler-tests-build
handler-tests-build: $(HT_BIN)

## make handler-tests      the tests of the handlers
handler-tests: handler-tests-build
	prove --exec '' $(HT_BIN)

$(HT_BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# crypt_r() goes through the tests, which count what it is asked for.
$(HT_BIN): $(HT_BUILD)/%: $(HT_BUILD)/t/handlers/%.o $(HT_LIB_OBJ) $(BUILD)/libvaworker.a $(BUILD)/libvacore.a
	$(CC) -Wl,--wrap=crypt_r -o $@ $^ -lcmocka $(WORKER_LIBS)

# What the private database is migrated with.
$(HT_BUILD)/voiceagent-worker: $(BUILD)/voiceagent-worker
	@mkdir -p $(@D)
	ln -f $< $@

$(HT_BIN): | $(HT_BUILD)/voiceagent-worker

-include $(HT_LIB_OBJ:.o=.d) $(HT_SRC:%.c=$(HT_BUILD)/%.d)
