# The pages of a shop's people (docs/dashboard.md) and the chat of its web site (docs/chat.md, "The
# widget"): TypeScript in, what a browser reads out.

DASHBOARD_SRC := $(shell find dashboard -name node_modules -prune -o -type f -print)

.PHONY: dashboard
## make dashboard          the staff's pages and the chat's widget, into build/dashboard/
dashboard: $(BUILD)/dashboard/index.html

# Hashed names: what is not made any more does not stay beside what is.
$(BUILD)/dashboard/index.html: $(DASHBOARD_SRC) dashboard/node_modules/.package-lock.json
	node dashboard/node_modules/typescript/bin/tsc -p dashboard/tsconfig.json
	rm -rf $(BUILD)/dashboard.tmp
	node dashboard/build.mjs $(BUILD)/dashboard.tmp
	rm -rf $(BUILD)/dashboard && mv $(BUILD)/dashboard.tmp $(BUILD)/dashboard

# make deps has done that already, unless it was not asked.
dashboard/node_modules/.package-lock.json: dashboard/package-lock.json
	cd dashboard && npm ci
	touch $@
