# `make help` lists the targets. Nothing but Go, git and make is needed; what a target needs beside them it fetches as Go modules, and e2e with apt-get too.
GO      ?= go
BIN     := bin/gitramp
DEMO    := out/demo
FUZZTIME ?= 2m
CHECKS  ?= 20000
CHAOS   ?= 300
FAULTS  ?= 1
ALL     ?=
REVERTS ?= 1
RACES   ?= 100
SHORT   ?=
BENCH   ?= -n 7
GOLDEN  ?=
MUTANTS ?=
# What releases are built with: the newest patch, for its library is part of the program. Dockerfile and .goreleaser.yaml name the same.
RELEASE_GO ?= go1.26.10

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/gitramp
	$(GO) build -trimpath -o $(BIN) ./cmd/gitramp

.PHONY: install
install: ## install gitramp into GOBIN
	$(GO) install -trimpath ./cmd/gitramp

.PHONY: man
man: build ## write the manual pages into out/man
	$(BIN) man --to out/man

.PHONY: demo
demo: build ## ramp the seed tutorial's canary into out/demo: a git repository with one commit per step
	@GITRAMP=$(abspath $(BIN)) sh fixtures/seed/demo.sh $(DEMO)

.PHONY: test
test: ## all tests: vet, unit, golden, properties, scripts, crashes (what CI calls)
	$(GO) vet ./...
	@test -z "$$(gofmt -l cmd render templates tests bench)" || { gofmt -l cmd render templates tests bench; echo 'gofmt -w these'; exit 1; }
	$(GO) test -timeout 20m ./...

.PHONY: golden
golden: ## rewrite golden/, the schema, the reference and the CLI scripts' expected output; read the diff as a reviewer
	$(GO) test ./render -run 'TestGolden$$|TestSchemaIsFresh$$' -update
	$(GO) test ./render/lint -run TestDocsAreFresh -update
	$(GO) test ./cmd/internal/app -run 'TestBases$$' -update
	$(GO) test ./cmd/gitramp -update $(GOLDEN)
	git --no-pager diff --stat -- golden docs render/schema cmd/gitramp/testdata

.PHONY: race
race: ## all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

.PHONY: e2e
e2e: ## what reads and calls us, for real: kustomize, kubectl, kpt, pre-commit, shells, man, yaml-language-server, the API server's CRD code, Flux's build, what a release is made of, gh and git's push options; whose fields we read (SHORT=1: without what takes minutes to build)
	GO='$(GO)' SHORT='$(SHORT)' .ci/tools
	GO='$(GO)' SHORT='$(SHORT)' .ci/e2e tests/clients tests/crds tests/controllers tests/pulls tests/release

.PHONY: fuzz
fuzz: ## fuzz spec, lock and function for FUZZTIME each, and run CHECKS cases of each property
	$(GO) test ./render ./render/internal/node -run '^Test.*Prop' -rapid.checks=$(CHECKS) -timeout 0
	$(GO) test ./cmd/internal/app -run '^TestPropBases' -rapid.checks=$$(( $(CHECKS) / 50 + 1 )) -timeout 0
	$(GO) test ./render -run '^$$' -fuzz FuzzSpec -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./render -run '^$$' -fuzz FuzzLock -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./render/krm -run '^$$' -fuzz FuzzCall -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./render/internal/node -run '^$$' -fuzz FuzzDecoders -fuzztime $(FUZZTIME) -fuzzminimizetime 10x

.PHONY: chaos
chaos: ## let each git and each FAULTS-th mutating system call of a verb fail or be killed (ALL=1: in every way), kill CHAOS commits at random, run again; git revert each REVERTS-th step of the fixtures
	GITRAMP_CHAOS=$(CHAOS) GITRAMP_FAULTS=$(FAULTS) GITRAMP_FAULTS_ALL=$(ALL) GITRAMP_REVERTS=$(REVERTS) $(GO) test ./cmd/gitramp -run 'TestChaos$$|TestFaults$$|TestGitRevertOfEveryStep$$' -count=1 -v -timeout 0

.PHONY: races
races: ## RACES rounds of clones of one repository that mean the same transition at once, and of advance against abort
	GITRAMP_RACES=$(RACES) $(GO) test ./cmd/gitramp -run 'TestRaces$$|TestAbortRaces$$' -count=1 -v -timeout 0

.PHONY: mutants
mutants: ## break one rule of the prover and of the planner at a time, and see that a test notices (MUTANTS=REGEXP: some)
	cd tests/mutants && $(GO) run . $(MUTANTS)

.PHONY: bench
bench: ## CPU ratios against today's way and against git's own floor
	cd bench && $(GO) run . $(BENCH)

.PHONY: lint
lint: ## golangci-lint with .golangci.yml (builds it first: minutes)
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.0 run ./...

.PHONY: vuln
vuln: ## known vulnerabilities that the code reaches, by the database as the module proxy has it (vuln.go.dev is not asked)
	@mkdir -p out/vulndb
	$(GO) run golang.org/x/vulndb/cmd/indexdb@v0.0.0-20261105234957-e22db6528018 -out out/vulndb \
		-vulns "$$($(GO) mod download -json golang.org/x/vulndb@latest | sed -n 's/.*"Dir": "\(.*\)",/\1/p')/data/osv"
	GOTOOLCHAIN=$(RELEASE_GO) $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 -db "file://$(CURDIR)/out/vulndb" ./...

# goreleaser is built as a program of its own: nothing here depends on it.
GORELEASER := $(GO) run github.com/goreleaser/goreleaser/v2@v2.16.0

.PHONY: snapshot
snapshot: ## what a release would be, of any commit, in dist: nothing is published (builds goreleaser first: minutes)
	$(GORELEASER) release --snapshot --clean

.PHONY: release
release: ## publish the tag that is checked out, with GITHUB_TOKEN
	$(GORELEASER) release --clean

.PHONY: clean
clean: ## remove bin, out and dist
	rm -rf bin out dist
