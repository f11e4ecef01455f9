# SMSir. "make" lists the targets; docs/development.md says more. What takes more than a line is in scripts/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export CGO_ENABLED := 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOL := go tool -modfile=tools/go.mod

# What must be there for the whole test run; a test that cannot find it fails instead of skipping. Other people's SMPP programs
# (scripts/need-smpp.sh) must be found where they could be installed, and are said to be missing elsewhere.
REQUIRE := chromium,postgres
GO_TEST := go test -shuffle=on -timeout 15m
GO_UNIT := $$(go list ./... | grep -v '/e2e')

##@ Use

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build and start the server on http://127.0.0.1:8080 with its data in ./data
	@exec bin/smsir serve

.PHONY: demo
demo: build ## Play the main job in this terminal, with data of its own
	@exec bin/smsir demo

##@ Build

.PHONY: build
build: web ## Web app and binary: bin/smsir
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/smsir ./cmd/smsir

.PHONY: web
web: web/dist/index.html ## Web app only: web/dist

WEB_FILES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name '*.go' 2>/dev/null)

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_FILES)
	npm --prefix web run build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@scripts/need-node.sh
	npm --prefix web ci --engine-strict --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: clean
clean: ## Remove what was built; data and installed packages stay
	rm -rf bin coverage.out web/dist/*

##@ Test

.PHONY: test
test: need test-go test-web e2e ## Everything; installs what it needs (npm packages; Chromium, PostgreSQL, SMPP peers, strace when root on Debian)

.PHONY: need
need:
	@scripts/need-node.sh
	@echo "Chromium: $$(scripts/need-chromium.sh)"
	@echo "PostgreSQL: $$(scripts/need-postgres.sh)"
	@echo "SMPP by others: $$(scripts/need-smpp.sh)"
	@echo "Tracer: $$(scripts/need-strace.sh)"

.PHONY: test-go
test-go: ## Go tests but for the end-to-end ones
	GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=$$(scripts/fast-tmp.sh) SMSIR_REQUIRE=$(REQUIRE),$$(scripts/need-smpp.sh) $(GO_TEST) $(GO_UNIT)

.PHONY: test-web
test-web: web/node_modules/.package-lock.json ## Types, lint and unit tests of the web app, two at a time: each uses one core
	$(MAKE) --no-print-directory --keep-going -j 2 --output-sync=target web-types web-lint web-unit

.PHONY: web-types web-lint web-unit
web-types:
	npm --prefix web run check
web-lint:
	npm --prefix web run lint
web-unit:
	npm --prefix web test

.PHONY: test-specs
test-specs: ## Adapters against the documents of their providers: SMSIR_PROVIDER_SPECS=<folder>
	go test -count=1 -v -run OfficialDocument ./internal/provider/...

# Three at a time: one of them is the browser, and the others wait for their carriers more than they work.
.PHONY: e2e
e2e: build ## The whole binary, and the web app in a real Chromium
	CHROMIUM=$$(scripts/need-chromium.sh); export CHROMIUM; \
	SMSIR_UNSTEADY=$$(mktemp); export SMSIR_UNSTEADY; trap 'cat "$$SMSIR_UNSTEADY"; rm -f "$$SMSIR_UNSTEADY"' EXIT; \
	SMSIR_REQUIRE=$(REQUIRE),$$(scripts/need-smpp.sh),$$(scripts/need-strace.sh) $(GO_TEST) -timeout 40m -count=1 -parallel 3 ./e2e/...

.PHONY: race
race: ## Core packages under the race detector; needs a C compiler
	@scripts/race.sh || [ $$? = 75 ] # 75: not run, and said so

.PHONY: crash
crash: ## Kill the server again and again under load, and judge what is left. KILLS=30
	@scripts/crash.sh $(or $(KILLS),30)

.PHONY: chaos
chaos: ## Try to make it lose, double or lie about a message. MINUTES=0 is one pass of everything
	@scripts/chaos.sh $(or $(MINUTES),0)

.PHONY: sim
sim: ## Play days of a gateway's life in virtual time, drawn from seeds. SEEDS=2000
	SIM_SEEDS=$(or $(SEEDS),2000) go test -timeout 12h -count=1 -v -run '^TestSim$$' ./bench/sim

.PHONY: canaries
canaries: ## Put fourteen bugs in, one at a time, and fail unless the suites find each
	@scripts/canaries.sh

.PHONY: bench
bench: ## Measure durable accepts through HTTP against a bare insert, and the inner loops. ARGS=-cpuprofile=prof
	go run ./bench/accept $(ARGS)
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-smpp
bench-smpp: ## Measure the whole gateway between programs and an SMPP carrier, beside Kannel. ARGS="-rounds 1"
	@scripts/need-smpp.sh kannel >/dev/null
	go run ./bench/smpp $(ARGS)

.PHONY: screenshots
screenshots: build ## Take the pictures of the manual and the README anew, from a server with sample data
	scripts/screenshots.sh

.PHONY: lighthouse
lighthouse: build ## Measure login, compose, history and home with Lighthouse (RUNS=3); on a quiet machine
	scripts/lighthouse.sh

##@ Check

.PHONY: lint
lint: ## golangci-lint (the first time it is built: a minute)
	$(TOOL) golangci-lint run ./...

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: fmt
fmt: ## Format all Go and web code
	$(TOOL) gofumpt -w $$(git ls-files '*.go')
	[ ! -d web/node_modules ] || npm --prefix web run format

.PHONY: check-fmt
check-fmt: ## Fail if make fmt would change a Go file
	@scripts/check-fmt.sh

.PHONY: gen
gen: web/node_modules/.package-lock.json ## Write the generated files: API document, web types, sample configuration
	scripts/gen.sh

.PHONY: check-gen
check-gen: web/node_modules/.package-lock.json ## Fail if make gen would change a file
	scripts/gen.sh --check

.PHONY: vuln
vuln: ## Known vulnerabilities (govulncheck), where its database can be reached
	@scripts/vuln.sh || [ $$? = 75 ] # 75: not run, and said so
