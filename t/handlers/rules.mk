# Tests of the handlers of the product: each job goes the way of a real one (job.h), against
# private servers with the demo shops and simulated providers. The product is built once more,
# with the places where it may be let die (crash.h).

HT_LIB_SRC := $(wildcard t/handlers/lib/*.c) \
              $(addprefix t/worker/lib/,fixture.c ports.c program.c proxy.c servers.c)
HT_SRC     := $(wildcard t/handlers/*.c)
HT_BUILD   := $(BUILD)/handler-tests
HT_LIB_OBJ := $(HT_LIB_SRC:%.c=$(HT_BUILD)/%.o)
HT_BIN     := $(HT_SRC:t/handlers/%.c=$(HT_BUILD)/%)
HT_WORKER  := $(WORKER_SRC:%.c=$(HT_BUILD)/%.o)
HT_CFLAGS  := -DWK_CRASH_POINTS $(HT_SANITIZE)

.PHONY: handler-tests handler-tests-build
handler-tests-build: $(HT_BIN)

## make handler-tests      the tests of the handlers
handler-tests: handler-tests-build
	prove --exec '' $(HT_BIN)

$(HT_BUILD)/%.o: %.c | $(BUILD)/scripts.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(HT_CFLAGS) -MMD -MP -c -o $@ $<

# Through the tests go crypt_r(), which they count, and wk_http(), whose patience they shorten.
$(HT_BIN): $(HT_BUILD)/%: $(HT_BUILD)/t/handlers/%.o $(HT_LIB_OBJ) $(HT_BUILD)/libvaworker.a $(BUILD)/libvacore.a
	$(CC) $(HT_SANITIZE) -Wl,--wrap=crypt_r,--wrap=wk_http -o $@ $^ -lcmocka $(WORKER_LIBS)

$(HT_BUILD)/libvaworker.a: $(HT_WORKER)
	rm -f $@ && $(AR) rcs $@ $^

$(HT_BUILD)/voiceagent-worker: $(HT_BUILD)/worker/main.o $(HT_BUILD)/libvaworker.a $(BUILD)/libvacore.a
	$(CC) $(HT_SANITIZE) -o $@ $^ $(WORKER_LIBS)

$(HT_BIN): | $(HT_BUILD)/voiceagent-worker $(BUILD)/voiceagent-extract

-include $(HT_LIB_OBJ:.o=.d) $(HT_SRC:%.c=$(HT_BUILD)/%.d) $(HT_WORKER:.o=.d) \
         $(HT_BUILD)/worker/main.d
