# Tests with many clients, against a real nginx and a real Redis, which each program starts
# for itself.

LT_LIB_SRC := $(wildcard t/load/lib/*.c) $(addprefix t/worker/lib/,ports.c servers.c)
LT_SRC     := $(wildcard t/load/*.c)
LT_BUILD   := $(BUILD)/load-tests
LT_LIB_OBJ := $(LT_LIB_SRC:%.c=$(TESTED)/%.o)
LT_BIN     := $(LT_SRC:t/load/%.c=$(LT_BUILD)/%)

.PHONY: load-tests load-tests-build events-million
load-tests-build: $(LT_BIN)

## make load-tests         the tests with thousands of clients
load-tests: load-tests-build module
	prove --exec '' $(LT_BIN)

## make events-million     a million events to ten clients: nginx' memory stays
events-million: load-tests-build module
	VA_LOAD_EVENTS=1000000 $(LT_BUILD)/events_memory

$(LT_BIN): $(LT_BUILD)/%: $(TESTED)/t/load/%.o $(LT_LIB_OBJ)
	@mkdir -p $(@D)
	$(TESTED_LINK) -o $@ $^ -lcmocka -lhiredis -lpq
