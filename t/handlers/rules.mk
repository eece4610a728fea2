# Tests of the handlers of the product: each job goes the way of a real one (job.h), against
# private servers with the demo shops and simulated providers. The product may be let die in
# it (t/worker/rules.mk).

HT_LIB_SRC := $(wildcard t/handlers/lib/*.c) \
              $(addprefix t/worker/lib/,fixture.c ports.c program.c proxy.c servers.c)
HT_SRC     := $(wildcard t/handlers/*.c)
HT_BUILD   := $(BUILD)/handler-tests
HT_LIB_OBJ := $(HT_LIB_SRC:%.c=$(TESTED)/%.o)
HT_BIN     := $(HT_SRC:t/handlers/%.c=$(HT_BUILD)/%)

.PHONY: handler-tests handler-tests-build
handler-tests-build: $(HT_BIN)

## make handler-tests      the tests of the handlers
handler-tests: handler-tests-build
	prove --exec '' $(HT_BIN)

# Through the tests go crypt_r(), which they count, and wk_http(), whose patience they shorten.
$(HT_BIN): $(HT_BUILD)/%: $(TESTED)/t/handlers/%.o $(HT_LIB_OBJ) $(HT_BUILD)/libvaworker.a $(BUILD)/libvacore.a
	$(TESTED_LINK) -Wl,--wrap=crypt_r,--wrap=wk_http -o $@ $^ -lcmocka $(WORKER_LIBS)

$(HT_BUILD)/libvaworker.a: $(call tested,$(WORKER_SRC))
	@mkdir -p $(@D)
	rm -f $@ && $(AR) rcs $@ $^

$(HT_BUILD)/voiceagent-worker: $(call tested,worker/main.c) $(HT_BUILD)/libvaworker.a $(BUILD)/libvacore.a
	$(TESTED_LINK) -o $@ $^ $(WORKER_LIBS)

$(HT_BIN): | $(HT_BUILD)/voiceagent-worker $(BUILD)/voiceagent-extract $(BUILD)/migrated.tar
