# The worker with AddressSanitizer (leaks too) and UndefinedBehaviorSanitizer, and the
# tests of calls on a system in which it takes the worker's place.

SANITIZED       := $(BUILD)/sanitized
SANITIZED_OBJ   := $(CORE_SRC:%.c=$(SANITIZED)/%.o) $(WORKER_SRC:%.c=$(SANITIZED)/%.o) \
                   $(SANITIZED)/worker/main.o
SANITIZED_FLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -I. -I$(BUILD) \
                   -I/usr/include/postgresql
SANITIZED_TESTS ?= $(sort $(wildcard t/e2e/voice*.test.mjs t/e2e/pipeline*.test.mjs)) \
                   $(addprefix t/e2e/,agent.test.mjs takeover.test.mjs)

.PHONY: sanitized-worker sanitized-e2e
sanitized-worker: $(SANITIZED)/voiceagent-worker

## make sanitized-e2e      the tests of calls, with the worker built for the sanitizers
sanitized-e2e: all sanitized-worker
	t/sanitizer/e2e $(SANITIZED)/voiceagent-worker $(SANITIZED_TESTS)

$(SANITIZED_OBJ): $(SANITIZED)/%.o: %.c t/sanitizer/rules.mk | $(MADE)
	@mkdir -p $(@D)
	$(CLANG) $(SANITIZED_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    $(SANITIZED_SPARED) -MMD -MP -c -o $@ $<

# The C library's obstacks align by adding to a null pointer.
$(SANITIZED)/worker/arena.o: SANITIZED_SPARED := -fno-sanitize=pointer-overflow

$(SANITIZED)/voiceagent-worker: $(SANITIZED_OBJ) $(SANITIZED)/voiceagent-extract
	$(CLANG) -fsanitize=address,undefined -o $@ $(SANITIZED_OBJ) $(WORKER_LIBS)

# It lies beside the worker. Its own limits leave no room for a sanitizer's shadow memory.
$(SANITIZED)/voiceagent-extract: $(BUILD)/voiceagent-extract
	@mkdir -p $(@D)
	cp $< $@

-include $(SANITIZED_OBJ:.o=.d)
