# `make install`: what the packages hold, for an nginx and a service manager of the
# operator's own. docs/installation.md says what is done with it.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
INSTALL    ?= install
BIN         = $(PREFIX)/bin
MODULES     = $(PREFIX)/lib/nginx/modules
SHARE       = $(PREFIX)/share/voiceagent
DOC         = $(PREFIX)/share/doc/voiceagent-worker
UNITS       = $(PREFIX)/lib/systemd/system
ETC         = $(SYSCONFDIR)/voiceagent

# The files of conf/ speak of where the packages put things.
PLACE = sed -e 's@/usr/bin/voiceagent@$(BIN)/voiceagent@g' \
            -e 's@/etc/voiceagent/@$(ETC)/@g' \
            -e 's@/usr/share/doc/voiceagent-worker@$(DOC)@' \
            -e 's@load_module modules/@load_module $(MODULES)/@' \
            -e 's@/usr/share/voiceagent/sounds/@$(SHARE)/sounds/@' \
            -e 's@/usr/share/voiceagent/dashboard@$(SHARE)/dashboard@' \
            -e 's@^\#\(messages_dir\|sql_dir\|templates_dir\) = /usr/share/voiceagent@\1 = $(SHARE)@'

# $(call place,MODE,FILE,FOLDER): a copy that speaks of where this installation puts them.
place = $(INSTALL) -D -m $1 $2 $(DESTDIR)$3/$(notdir $2) && \
        $(PLACE) $2 > $(DESTDIR)$3/$(notdir $2)

.PHONY: install
## make install            to PREFIX (/usr/local) and SYSCONFDIR (/etc), below DESTDIR
install: all
	$(INSTALL) -D -m 755 -t $(DESTDIR)$(BIN) $(BUILD)/voiceagent-worker $(BUILD)/voiceagent-extract
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(MODULES) $(BUILD)/ngx_voiceagent_module.so
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/sql sql/*.sql
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/messages conf/messages/*
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/agents conf/agents/*
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE) conf/redis.acl
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/nginx conf/site.conf conf/http.conf
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/nginx/locations conf/locations/*.conf
	$(call place,644,conf/locations/sounds.conf,$(SHARE)/nginx/locations)
	$(call place,644,conf/locations/pages.conf,$(SHARE)/nginx/locations)
	$(call place,644,conf/locations/widget.conf,$(SHARE)/nginx/locations)
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/sounds conf/sounds/*
	rm -rf $(DESTDIR)$(SHARE)/dashboard
	$(INSTALL) -d $(DESTDIR)$(SHARE)/dashboard && cp -r --no-preserve=mode $(BUILD)/dashboard/. $(DESTDIR)$(SHARE)/dashboard
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(SHARE)/nginx/fallback conf/fallback/*
	$(call place,644,conf/nginx.conf,$(SHARE)/examples)
	$(call place,644,conf/systemd/voiceagent-worker.service,$(UNITS))
	$(call place,644,conf/systemd/voiceagent-voice.service,$(UNITS))
	$(INSTALL) -D -m 644 debian/voiceagent-worker.logrotate $(DESTDIR)$(SHARE)/examples/logrotate
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(DOC) README.md
	$(INSTALL) -d $(DESTDIR)$(DOC)/docs && cp -r --no-preserve=mode docs/. $(DESTDIR)$(DOC)/docs
	test -e $(DESTDIR)$(ETC)/worker.conf || { $(call place,640,conf/worker.conf,$(ETC)); }
