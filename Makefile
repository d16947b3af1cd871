# traid. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# One way to build everything, without a C compiler; the databases are pure Go.
export CGO_ENABLED := 0
PACKAGES := ./...

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build, then run everything with a sample register
	bin/traid demo

build: assets ## bin/traid
	go build -o bin/traid ./cmd/traid

# CROWN=yes builds in the crown and the font that only services on GOV.UK may show.
CROWN := no
DIST := internal/govuk/dist
FRONTEND := node_modules/govuk-frontend/dist/govuk

assets: ## copy the GOV.UK Design System's styles and script to where they are embedded
	@if command -v npm >/dev/null; then $(MAKE) -s --no-print-directory node_modules/.package-lock.json; \
	else echo "npm is not here: without node_modules the pages lack their looks." >&2; fi
	@find $(DIST) -type f ! -name placeholder.txt ! -name 'govuk-frontend.min.*' -delete
	@if [ -d $(FRONTEND) ]; then cp $(FRONTEND)/govuk-frontend.min.css $(FRONTEND)/govuk-frontend.min.js $(DIST)/; \
	  if [ "$(CROWN)" = yes ]; then cp $(FRONTEND)/assets/fonts/* $(FRONTEND)/assets/images/govuk-crest.svg $(FRONTEND)/assets/images/favicon.svg $(DIST)/; \
	    sed -n '/<svg/,/<\/svg>/p' $(FRONTEND)/components/header/template-default.html >$(DIST)/crown.html; fi; fi

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

deps: ## install what the tests need beyond Go: PostgreSQL, Chromium and npm (Debian), then npm's packages
	@want=; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || [ -n "$$TRAID_TEST_POSTGRES" ] || want="$$want postgresql"; \
	command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || want="$$want chromium-headless-shell"; \
	command -v npm >/dev/null || want="$$want npm"; \
	if [ -z "$$want" ]; then echo "PostgreSQL, Chromium and npm are here."; \
	elif command -v apt-get >/dev/null; then \
	  S=; [ "$$(id -u)" = 0 ] || S=sudo; $$S apt-get update -q && DEBIAN_FRONTEND=noninteractive $$S apt-get install -y -q $$want; \
	else echo "Install:$$want. (TRAID_TEST_POSTGRES may name a running PostgreSQL server instead.)" >&2; exit 1; fi
	@$(MAKE) --no-print-directory assets

generate: ## make the generated code anew
	go tool -modfile=tools/go.mod templ generate -path internal
	@for d in dqt/dqtsql desk/desksql tra/trasql cpd/cpdsql; do (cd internal/$$d && go tool -modfile=../../../tools/go.mod sqlc generate) || exit 1; done
	cd internal/cpd/cpdsql && go tool -modfile=../../../tools/go.mod sqlc generate
	UPDATE_GOLDEN=1 go test ./internal/app -run 'TestOpenAPI|TestSettings'

test: deps ## every test, on SQLite and on PostgreSQL
	@set -o pipefail; go test -timeout 20m -json $(PACKAGES) | go run ./internal/testreport

check: deps ## the whole gate: format, vet, staticcheck, tests
	@out=$$(go tool -modfile=tools/go.mod gofumpt -l cmd internal); [ -z "$$out" ] || { echo "not formatted (gofumpt): $$out"; exit 1; }
	go vet $(PACKAGES)
	go tool -modfile=tools/go.mod staticcheck $(PACKAGES)
	@$(MAKE) --no-print-directory build test

PICTURES := $(CURDIR)/pictures
pictures: deps ## a picture of every page in every state, at 360 and 1280 pixels, into pictures/; the README's too
	@mkdir -p $(PICTURES)
	TRAID_PICTURES=$(PICTURES) go test -count=1 -run 'BeUsedByEverybody' ./internal/...
	cp $(PICTURES)/cpd-progress-with-the-tra-360.png docs/images/person.png
	cp $(PICTURES)/console-case-1280.png docs/images/console.png

bench: ## benchmarks, with memory
	go test -run '^$$' -bench . -benchmem $(PACKAGES)

# What bench-accuracy measures: the claims of another SEED are others.
RECORDS := 2000000
CLAIMS := 1000000
SEED := 1
ERRORS := 1
ACCURACY := bench-data/$(RECORDS)

bench-accuracy: ## accuracy and speed in memory on invented claims, into bench-data
	go build -o bin/traid ./cmd/traid
	bin/traid synth --records $(RECORDS) --claims $(CLAIMS) --claims-seed $(SEED) --errors $(ERRORS) --mix typical,hard,names --out $(ACCURACY)
	TRAID_DATA=$(ACCURACY)/register bin/traid import $(ACCURACY)/register.csv --complete
	@for claims in $(ACCURACY)/claims-*.csv; do echo "$$claims"; \
	  TRAID_DATA=$(ACCURACY)/register bin/traid evaluate $$claims --out $${claims%.csv} || exit 1; done

.PHONY: help run build assets deps generate test check bench bench-accuracy pictures
