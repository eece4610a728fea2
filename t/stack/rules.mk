# The commands of a newcomer: a whole private system, its demonstration, all tests.

.PHONY: deps up down clean demo test storm race takeover survive soak deaths fresh routes

# As many compilers as there are processors, unless make was told how many (-j).
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc) --output-sync)

## make deps               installs what everything needs (Debian 12 or 13, root or sudo)
deps:
	t/stack/deps.sh

## make up                 deps, build, and the whole system under .run/ (docs/local-stack.md)
up: deps
	$(MAKE) --no-print-directory $(PARALLEL) all
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
	$(MAKE) --no-print-directory $(PARALLEL) all unit worker-tests-build handler-tests-build \
	    load-tests-build fuzzers sanitized
	t/run $(SUITES)

## make storm              the storm of t/e2e/ at full length: STORM_SECONDS (75), STORM_SEED
storm: all
	STORM_SECONDS=$${STORM_SECONDS:-75} t/run t/e2e/storm.test.mjs
	grep '^# ' build/test-logs/e2e/storm.test.tap

## make race               the races for one appointment, RACE_ROUNDS (200) times, on the system that runs
race:
	RACE_ROUNDS=$${RACE_ROUNDS:-200} node --test --test-reporter=tap t/e2e/race.test.mjs

## make takeover           people take talks over at TAKEOVERS (500) random moments, on the system that runs
takeover:
	TAKEOVERS=$${TAKEOVERS:-500} node --test --test-reporter=tap t/e2e/takeover.test.mjs

## make survive            live calls through reloads, upgrades and deaths, on the system that runs: SURVIVAL_*
survive:
	SURVIVAL_CALLS=$${SURVIVAL_CALLS:-100} SURVIVAL_RELOADS=$${SURVIVAL_RELOADS:-20} \
	SURVIVAL_KILLED=$${SURVIVAL_KILLED:-50} SURVIVAL_RUNS=$${SURVIVAL_RUNS:-5} \
	SURVIVAL_CAP_S=$${SURVIVAL_CAP_S:-60} SURVIVAL_TALK_S=$${SURVIVAL_TALK_S:-600} \
	    node --test --test-reporter=tap t/e2e/survival.test.mjs

## make soak               live calls come and go for SOAK_SECONDS (1800), SOAK_CALLS (100) at once
soak:
	SOAK_SECONDS=$${SOAK_SECONDS:-1800} SOAK_CALLS=$${SOAK_CALLS:-100} \
	    node --test --test-reporter=tap t/e2e/soak.test.mjs

## make deaths             a worker dies at every place it passes in a booking, a text, a call, a return
deaths: handler-tests-build
	VA_DEATHS=all $(BUILD)/handler-tests/deaths

## make fresh              make up, demo, test and down on a fresh Debian, in a chroot (root)
fresh:
	t/fresh/run

## make routes             writes docs/routes.md, the table of routes, handlers and tests
routes:
	node t/docs/routes.mjs
