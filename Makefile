# voiceagent: see README.md; every command is listed in `make help`.

SHELL     := /bin/bash
BUILD     := build
CC        := gcc
CLANG     := clang
WARN      := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes \
             -Wmissing-prototypes -Wvla -Wformat=2
OPT       := -O2 -g -fno-omit-frame-pointer -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS    := -std=gnu11 $(OPT) $(WARN) -fPIC -I. -I$(BUILD) -I/usr/include/postgresql
LDFLAGS   := -Wl,-z,relro,-z,now
# of the many programs of the tests: a third of the time
FAST_LINK := -fuse-ld=lld

CORE_SRC   := $(wildcard core/*.c core/*/*.c)
EXTRACT_SRC := $(wildcard worker/extract/*.c)
WORKER_SRC := $(filter-out worker/main.c $(EXTRACT_SRC),$(wildcard worker/*.c worker/*/*.c worker/*/*/*.c))
CORE_OBJ   := $(CORE_SRC:%.c=$(BUILD)/%.o)
WORKER_OBJ := $(WORKER_SRC:%.c=$(BUILD)/%.o)
EXTRACT_OBJ := $(EXTRACT_SRC:%.c=$(BUILD)/%.o)
SCRIPTS    := $(wildcard core/scripts/*.lua worker/scripts/*.lua)

# http-parser, or llhttp, its successor, where Debian has that instead.
HTTP_LIB    := $(if $(wildcard /usr/include/http_parser.h),-lhttp_parser,-lllhttp)
CORE_LIBS   := -lyajl -lcrypto
WORKER_LIBS := $(CORE_LIBS) -lhiredis -lpq -lcurl -lcrypt -linih -lssl -luv -lwslay \
               -lspeexdsp $(HTTP_LIB) -lpthread
EXTRACT_PKG  := poppler-glib libxml-2.0 libzip libcmark
EXTRACT_LIBS  = $(shell pkg-config --libs $(EXTRACT_PKG)) -lcsv

.PHONY: all module worker core help
## make                    the worker, the module and the pages, into build/
all: module worker dashboard

help:
	@grep -hE '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

# ---------------------------------------------------------------- core, worker
core: $(BUILD)/libvacore.a
worker: $(BUILD)/voiceagent-worker $(BUILD)/voiceagent-extract

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Headers made of files that are no C.
MADE := $(BUILD)/scripts.h $(BUILD)/texts.h

$(WORKER_OBJ) $(BUILD)/worker/main.o: | $(MADE)

$(BUILD)/scripts.h: $(SCRIPTS) $(wildcard worker/scripts/lib/*.lua) core/scripts/embed.sh
	@mkdir -p $(@D)
	sh core/scripts/embed.sh wk_script $(SCRIPTS) > $@.tmp && mv $@.tmp $@

$(BUILD)/texts.h: $(wildcard conf/messages/*.json) worker/agent/texts.sh
	@mkdir -p $(@D)
	sh worker/agent/texts.sh conf/messages/*.json > $@.tmp && mv $@.tmp $@

$(BUILD)/libvacore.a: $(CORE_OBJ)
	$(AR) rcs $@ $^

$(BUILD)/libvaworker.a: $(WORKER_OBJ)
	$(AR) rcs $@ $^

$(BUILD)/voiceagent-worker: $(BUILD)/worker/main.o $(BUILD)/libvaworker.a $(BUILD)/libvacore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

# Libraries that read what strangers upload are in no other program.
$(EXTRACT_OBJ): CFLAGS += $(shell pkg-config --cflags $(EXTRACT_PKG))

$(BUILD)/voiceagent-extract: $(EXTRACT_OBJ) $(BUILD)/libvacore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(EXTRACT_LIBS)

-include $(CORE_OBJ:.o=.d) $(WORKER_OBJ:.o=.d) $(BUILD)/worker/main.d $(EXTRACT_OBJ:.o=.d)

include t/stack/rules.mk
include dashboard/rules.mk
include t/unit/rules.mk
include t/worker/rules.mk
include t/handlers/rules.mk
include t/load/rules.mk
include t/module.mk
include t/sanitizer/rules.mk
include bench/rules.mk
include debian/rules.mk
include debian/install.mk
