# make run, make test, make test-all, make build, make lint, make bench, make vulnerabilities: each
# fetches what it needs. What is fetched or made stays below node_modules, static/vendor,
# internal/postgres/binaries/dist and bin.

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
BUILD   := go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
SOURCES := $(shell find cmd internal migrations templates static -type f \
	-not -path '*/node_modules/*' -not -path 'static/vendor/*' -not -name '*_test.go') go.mod go.sum

POSTGRES := internal/postgres/binaries
NPM_CI   := npm ci --ignore-scripts --no-fund --no-audit --loglevel=error --fetch-retries=5
# Before a command that fetches: tries it again when the network fails for a moment.
AGAIN    := sh deploy/again.sh

.PHONY: run build test test-all fetch modules browsers lint vulnerabilities bench e2e e2e-all pictures go-test js-test clean

# Tests that run beside one another take each other's time.
.NOTPARALLEL:

run: bin/foyer
	./bin/foyer serve

build: bin/foyer

bin/foyer: $(SOURCES) static/vendor/.made $(POSTGRES)/dist/.made
	$(BUILD) -o $@ ./cmd/foyer

# The double of Twilio that the browser tests use.
bin/twilio-double: $(SOURCES)
	$(BUILD) -o $@ ./internal/media/twilio/twiliotest/double

# A database of several Foyers, for the browser tests.
bin/postgres-alone: $(SOURCES) $(POSTGRES)/dist/.made
	$(BUILD) -o $@ ./internal/postgres/postgrestest/alone

# The example, for the browser tests.
bin/frontdesk: $(wildcard examples/frontdesk/*)
	$(BUILD) -o $@ ./examples/frontdesk

# The browser SDKs, icons and the type checker; the words of scripts.
static/node_modules/.made: static/package-lock.json
	$(AGAIN) $(NPM_CI) --prefix static
	touch $@

static/vendor/.made: static/node_modules/.made static/build.mjs static/words/en.json $(shell find static/js -name '*.js')
	node static/build.mjs
	touch $@

# The PostgreSQL programs for this platform, packed for the binary. For npm they are
# optional: it is content without them, and only packing tells.
$(POSTGRES)/dist/.made: $(POSTGRES)/package-lock.json $(wildcard $(POSTGRES)/pack/*.go)
	$(AGAIN) sh -c '$(NPM_CI) --prefix $(POSTGRES) && go run ./$(POSTGRES)/pack'
	touch $@

e2e/node_modules/.made: e2e/package-lock.json
	$(AGAIN) $(NPM_CI) --prefix e2e
	touch $@

# An object store for the tests of where files are kept.
bin/versitygw: internal/blob/versitygw/go.sum
	go build -C internal/blob/versitygw -trimpath -o $(CURDIR)/$@ github.com/versity/versitygw/cmd/versitygw

# Twilio's helper for Node, with whose tokens a test compares ours.
HELPER := internal/media/twilio/nodehelper
$(HELPER)/node_modules/.made: $(HELPER)/package-lock.json
	$(AGAIN) $(NPM_CI) --prefix $(HELPER)
	touch $@

# What one runs all the time, and what has to pass before others get it.
test: fetch lint js-test go-test e2e

test-all: fetch lint js-test go-test e2e-all

# What tests need from elsewhere, before any of them begins: what cannot be had is told at once.
fetch: static/vendor/.made $(POSTGRES)/dist/.made e2e/node_modules/.made $(HELPER)/node_modules/.made modules browsers

modules:
	$(AGAIN) go list -deps -test ./... tool >/dev/null
	$(AGAIN) go -C internal/blob/versitygw list -deps github.com/versity/versitygw/cmd/versitygw >/dev/null

browsers:
	"$$(sh e2e/program.sh chromium)" --version
	"$$(sh e2e/program.sh firefox)" --version

lint: static/vendor/.made $(POSTGRES)/dist/.made
	@unformatted=$$(gofmt -l cmd examples internal migrations templates static/*.go bench e2e/*.go 2>/dev/null | grep -v node_modules); \
	if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	npm run --silent check --prefix static

# Known weaknesses of what Foyer is made of; before each release. It needs the network.
vulnerabilities:
	sh deploy/vulnerabilities.sh

js-test: static/vendor/.made
	npm test --silent --prefix static

go-test: bin/foyer bin/versitygw $(HELPER)/node_modules/.made
	go test -race -timeout 60m ./...

# Browser tests: of the main paths, and all of them.
E2E := bin/foyer bin/twilio-double bin/postgres-alone bin/frontdesk e2e/node_modules/.made

e2e: $(E2E) browsers
	npm test --silent --prefix e2e

e2e-all: $(E2E) browsers
	FOYER_ALL=yes npm test --silent --prefix e2e

# Every page and state in both widths and themes, each checked for accessibility.
pictures: $(E2E)
	sh e2e/program.sh chromium
	FOYER_PICTURES=yes npm test --silent --prefix e2e

bench: bin/foyer e2e/node_modules/.made
	sh e2e/program.sh chromium
	go run ./bench

clean:
	rm -rf bin static/vendor/.made $(POSTGRES)/dist/.made
