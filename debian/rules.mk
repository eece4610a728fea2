# The packages, built in a copy of the tree so that nothing is left beside it.

.PHONY: deb
## make deb                the Debian packages, into build/deb
deb: deps
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/voiceagent
	tar -c --exclude=./$(BUILD) --exclude=./.run --exclude=./.git --exclude=./t/node_modules \
	    --exclude=./bench/node_modules . | tar -x -C $(BUILD)/deb/voiceagent
	cd $(BUILD)/deb/voiceagent && dpkg-buildpackage -us -uc -b
	rm -rf $(BUILD)/deb/voiceagent
	@ls $(BUILD)/deb/*.deb
