# The nginx module: for the distribution's nginx, and together with an nginx of the
# same version from source, where memory errors can be seen. Its tests in all those.

MODULE_SRC  := $(wildcard ngx_voiceagent_module/*.c core/*.c core/signature/*.c)
MODULE_IN   := config $(wildcard core/scripts/*) $(wildcard ngx_voiceagent_module/*) \
               $(wildcard core/*.h core/signature/*.h) $(MODULE_SRC)
MODULE_OPT  := -O2 -g -fno-omit-frame-pointer -fstack-protector-strong -D_FORTIFY_SOURCE=2
MODULE_WARN := -Wall -Wextra -Werror -Wno-unused-parameter
MODULE_T    := $(sort $(wildcard t/*.t))
# a core for each, and waiting in most of them
MODULE_JOBS ?= 3

NGINX_DEV     := /usr/share/nginx/src
NGINX_VERSION  = $(shell dpkg-query -W -f '$${source:Upstream-Version}' nginx-dev)
NGINX_SRC      = $(BUILD)/nginx-src/$(NGINX_VERSION)
# the parts of the distribution's nginx that the tests use; no PCRE JIT, which
# valgrind cannot read
NGINX_FLAGS   := --with-compat --with-debug --with-threads --with-http_ssl_module \
                 --with-http_v2_module --with-http_realip_module \
                 --with-http_auth_request_module --with-http_stub_status_module \
                 --with-poll_module

.PHONY: module module-src module-tests module-asan module-valgrind module-hup \
        module-poll module-mockeagain module-soak sanitized lint FORCE

## make module             the module, for the nginx that is installed
module: $(BUILD)/ngx_voiceagent_module.so

# ------------------------------------------------------------- how it is built

# The names of the sources: one more or less, and nginx has to be configured anew.
$(BUILD)/module.list: FORCE
	@mkdir -p $(@D)
	@echo $(MODULE_SRC) | cmp -s - $@ || echo $(MODULE_SRC) > $@

MODULE_CONFIGURE := config t/module.mk $(BUILD)/module.list $(wildcard core/scripts/*)

$(BUILD)/module/Makefile: $(MODULE_CONFIGURE) $(NGINX_DEV)/conf_flags
	rm -rf $(@D)
	cd $(NGINX_DEV) && . ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" \
	    --with-cc-opt="$(MODULE_OPT) $(MODULE_WARN)" --with-ld-opt="$(LDFLAGS)" \
	    --builddir=$(abspath $(@D)) --add-dynamic-module=$(CURDIR) \
	    > $(abspath $(BUILD))/module.configure.log || \
	    { cat $(abspath $(BUILD))/module.configure.log; exit 1; }

$(BUILD)/ngx_voiceagent_module.so: $(BUILD)/module/Makefile $(MODULE_IN)
	$(MAKE) -s -C $(NGINX_DEV) -f $(abspath $<) modules
	cp $(BUILD)/module/ngx_voiceagent_module.so $@.tmp && mv $@.tmp $@

# What the two builds from source have in common. Every allocation of a pool is one
# of malloc's own (NGX_DEBUG_PALLOC), so that an overrun within a pool is seen.
## make module-src         nginx from source with the module: AddressSanitizer, and debugging
module-src: $(BUILD)/asan/nginx $(BUILD)/debug/nginx

$(BUILD)/asan/nginx: SRC_CC  := $(CURDIR)/t/sanitizer/cc
$(BUILD)/debug/nginx: SRC_CC := $(CC)

# Configured with gcc, which asks nginx' many questions in a third of the sanitizers' time.
$(BUILD)/asan/Makefile $(BUILD)/debug/Makefile: $(MODULE_CONFIGURE) t/sanitizer/cc
	test -f $(NGINX_SRC)/configure || { echo "no source of nginx: make deps" >&2; exit 1; }
	rm -rf $(@D)
	cd $(NGINX_SRC) && ./configure --prefix=$(abspath $(@D)) $(NGINX_FLAGS) \
	    --with-cc=$(CC) --with-cc-opt="-O1 -g -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1" \
	    --builddir=$(abspath $(@D)) --add-dynamic-module=$(CURDIR) \
	    > $(abspath $(@D)).configure.log || \
	    { cat $(abspath $(@D)).configure.log; exit 1; }

# For `make test`, which does without where the archive does not give nginx's source.
sanitized: $(if $(wildcard $(NGINX_SRC)/configure),$(BUILD)/asan/nginx)

$(BUILD)/asan/nginx $(BUILD)/debug/nginx: $(BUILD)/%/nginx: $(BUILD)/%/Makefile $(MODULE_IN)
	VA_ROOT=$(CURDIR) $(MAKE) -s -C $(NGINX_SRC) -f $(abspath $<) CC=$(SRC_CC) binary modules
	touch $@

# Passes a byte at a time (t/sanitizer/one_byte.c).
$(BUILD)/one_byte.so: t/sanitizer/one_byte.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $<

# ------------------------------------------------------------ how it is tested

# t/sanitizer/run knows what each way needs; MODULE_T="t/call.t" runs some of them.
MODULE_PROVE = prove -j$(MODULE_JOBS) --timer --exec "t/sanitizer/run $(@:module-%=%)"

## make module-tests       the tests of the module, on the nginx that is installed
module-tests: module
	$(MODULE_PROVE) $(MODULE_T)

## make module-asan        the same with AddressSanitizer and UndefinedBehaviorSanitizer
module-asan: $(BUILD)/asan/nginx
	$(MODULE_PROVE) $(MODULE_T)

## make module-valgrind    the same below valgrind: errors and leaks
module-valgrind: $(BUILD)/debug/nginx
	$(MODULE_PROVE) $(MODULE_T)

## make module-hup         those of Test::Nginx, each block by a reload
module-hup: module
	$(MODULE_PROVE) $(shell grep -l '^use VoiceAgent;' $(MODULE_T))

## make module-poll        the same with poll instead of epoll
module-poll: $(BUILD)/debug/nginx
	$(MODULE_PROVE) $(MODULE_T)

## make module-mockeagain  the same with sockets that pass a byte at a time
module-mockeagain: $(BUILD)/debug/nginx $(BUILD)/one_byte.so
	$(MODULE_PROVE) $(MODULE_T)

## make module-soak        reloads under load, for SOAK_SECONDS (120)
module-soak: $(BUILD)/debug/nginx
	perl -It/lib t/sanitizer/soak.pl

## make lint               what the rules of docs/development.md say, as far as a program can
lint: module
	t/lint
