# The commands of a newcomer: a whole private system, its demonstration, all tests.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
INSTALL    ?= install
SHARE       = $(DESTDIR)$(PREFIX)/share/voiceagent
ETC         = $(DESTDIR)$(SYSCONFDIR)/voiceagent

.PHONY: deps up down clean demo test install

## make deps               installs what everything needs (Debian 12 or 13, root or sudo)
deps:
	t/stack/deps.sh

## make up                 deps, build, and the whole system under .run/ (docs/local-stack.md)
up: deps
	$(MAKE) --no-print-directory all
	t/stack/up.sh

## make down               stops what make up started; the data stay
down:
	t/stack/down.sh

## make demo               make up, then a simulated customer, and what came of it
demo: up
	node t/stack/demo.mjs

## make clean              make down, and removes the data and all that was built
clean:
	t/stack/clean.sh
	rm -rf $(BUILD) t/servroot*

## make test               deps, build and every test; SUITES="unit sim" runs some
test: deps
	$(MAKE) --no-print-directory all unit worker-tests-build handler-tests-build load-tests-build
	t/run $(SUITES)

## make install            to PREFIX (/usr/local) and SYSCONFDIR (/etc), below DESTDIR
install: all
	$(INSTALL) -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/voiceagent-worker
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/nginx/modules $(BUILD)/ngx_voiceagent_module.so
	$(INSTALL) -D -m 644 -t $(SHARE)/sql sql/*.sql
	$(INSTALL) -D -m 644 -t $(SHARE)/nginx conf/nginx.conf conf/site.conf conf/http.conf
	$(INSTALL) -D -m 644 -t $(SHARE)/nginx/locations conf/locations/*.conf
	$(INSTALL) -D -m 644 -t $(SHARE)/messages conf/messages/*
	$(INSTALL) -D -m 644 -t $(SHARE)/fallback conf/fallback/*
	test -e $(ETC)/worker.conf || $(INSTALL) -D -m 640 -t $(ETC) conf/worker.conf
