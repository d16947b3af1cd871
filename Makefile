# traid. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PACKAGES := ./...

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build, then run everything with a sample register
	bin/traid demo

build: ## bin/traid
	CGO_ENABLED=0 go build -o bin/traid ./cmd/traid

deps: ## install what the tests need beyond Go: PostgreSQL's binaries (Debian)
	@if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then echo "PostgreSQL is here."; \
	elif command -v apt-get >/dev/null; then \
	  S=; [ "$$(id -u)" = 0 ] || S=sudo; $$S apt-get update -q && DEBIAN_FRONTEND=noninteractive $$S apt-get install -y -q postgresql; \
	else echo "Install PostgreSQL's server binaries, or set TRAID_TEST_POSTGRES to the URL of a running server." >&2; exit 1; fi

generate: ## make the generated code anew
	cd internal/dqt/dqtsql && go tool -modfile=../../../tools/go.mod sqlc generate
	UPDATE_GOLDEN=1 go test ./internal/app -run TestOpenAPI

test: deps ## every test, on SQLite and on PostgreSQL
	@set -o pipefail; go test -json $(PACKAGES) | go run ./internal/testreport

check: deps ## the whole gate: format, vet, staticcheck, tests
	@out=$$(go tool -modfile=tools/go.mod gofumpt -l cmd internal); [ -z "$$out" ] || { echo "not formatted (gofumpt): $$out"; exit 1; }
	go vet $(PACKAGES)
	go tool -modfile=tools/go.mod staticcheck $(PACKAGES)
	@$(MAKE) --no-print-directory build test

bench: ## benchmarks, with memory
	go test -run '^$$' -bench . -benchmem $(PACKAGES)

.PHONY: help run build deps generate test check bench
