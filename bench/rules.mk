# The benchmark: our module beside its peers in one run (bench/README.md).

BENCH_SUITES ?=

.PHONY: bench bench-build
## make bench              measures beside the peers, prints ratios; BENCH_SUITES="webhook sse"
bench: deps
	$(MAKE) --no-print-directory all bench-build
	node bench/run.mjs $(BENCH_SUITES)

bench-build: $(BUILD)/bench/ngx_http_bench_body_module.so $(BUILD)/bench/sse_clients \
             $(BUILD)/bench/statement $(BUILD)/bench/callers $(BUILD)/bench/engine

$(BUILD)/bench/statement: bench/load/statement.c $(BUILD)/libvaworker.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^

$(BUILD)/bench/sse_clients: bench/load/sse_clients.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

$(BUILD)/bench/callers $(BUILD)/bench/engine: $(BUILD)/bench/%: bench/load/%.c bench/load/ws.c \
                                              bench/load/ws.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.c,$^) -lcrypto

$(BUILD)/bench/ngx_http_bench_body_module.so: $(wildcard bench/peers/body_module/*)
	@mkdir -p $(@D)
	cd $(NGINX_DEV) && . ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" \
	    --with-cc-opt="-O2 -g -fPIC" --with-ld-opt="-fPIC" --builddir=$(abspath $(@D))/module \
	    --add-dynamic-module=$(CURDIR)/bench/peers/body_module > /dev/null
	$(MAKE) -s -C $(NGINX_DEV) -f $(abspath $(@D))/module/Makefile modules
	cp $(@D)/module/ngx_http_bench_body_module.so $@
