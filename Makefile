# Fieldpost. `make help` says what there is.

CC ?= gcc
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build/release
PROGRAM ?= fieldpost
SANITIZE ?=
WERROR ?=

# V=1 shows the commands.
Q := $(if $(V),,@)
SAY := @$(if $(V),:,printf '%s\n')

VERSION := 0.1.0
PACKAGES := gmime-3.0 libxml-2.0 libpcre2-8 icu-i18n icu-uc jansson yaml-0.1 libpq libssl libcrypto libseccomp libsystemd libcurl libmicrohttpd

OPTIMISE ?= -O2
CFLAGS ?= $(OPTIMISE) -g
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wformat=2 -Wvla -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wunused-result -Wno-unused-parameter \
	$(WERROR)
HARDENING := -fstack-protector-strong -fPIE
ifeq ($(SANITIZE),)
HARDENING += -D_FORTIFY_SOURCE=2
endif
LINK_HARDENING := -pie -Wl,-z,relro,-z,now

# Asked once, and only when something is built: `make deps` runs where there is no pkg-config yet.
# GMime's and libxml2's headers are the system's: their warnings are not ours.
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $$(patsubst -I%,-isystem %,$$(shell pkg-config --cflags $$(PACKAGES))))$(PACKAGE_CFLAGS)
# libetpan's pkg-config file carries -specs that turn PIE off, so it is named by hand.
PACKAGE_LIBS = $(eval PACKAGE_LIBS := $$(shell pkg-config --libs $$(PACKAGES)) -letpan -lxlsxwriter -lpthread)$(PACKAGE_LIBS)

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DFIELDPOST_VERSION='"$(VERSION)"' -DFIELDPOST_SHARE='"$(PREFIX)/share/fieldpost"' \
	-Igateway -I. -include base/banned.h $(PACKAGE_CFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZE) $(CFLAGS)
ALL_LDFLAGS = $(LINK_HARDENING) $(SANITIZE) $(LDFLAGS)

SOURCES := $(sort $(wildcard gateway/*.c gateway/*/*.c gateway/*/*/*.c parsers/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libfieldpost.a
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%) $(FUZZ_TARGETS:%=$(BUILD)/unit/test_fuzz_%)

# What the program needs, what `make run` and `make test` need besides, and what the longer checks need.
DEPS := gcc make pkg-config libetpan-dev libgmime-3.0-dev libxml2-dev libpcre2-dev libicu-dev libjansson-dev libyaml-dev \
	libpq-dev libcurl4-gnutls-dev libmicrohttpd-dev libssl-dev libseccomp-dev libsystemd-dev libxlsxwriter-dev postgresql-15
DEPS_DEMO := dovecot-imapd dovecot-lmtpd python3-aiosmtpd openssl
DEPS_TEST := $(DEPS_DEMO) libcmocka-dev postgresql-15-pgtap python3-yaml perl strace procps
DEPS_LONG := clang libclang-rt-14-dev llvm clang-format valgrind isync chromium fonts-noto-core python3-websocket

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
IN_ASAN := BUILD=build/asan PROGRAM=build/asan/fieldpost SANITIZE="$(ASAN)" OPTIMISE=-O1

.PHONY: all help clean deps deps-demo deps-test deps-long unit run demo test test-long sanitize lint bench fuzz fuzz-planted install format
all: $(PROGRAM)

help: ## what each target does
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PROGRAM): $(BUILD)/gateway/main.o $(LIBRARY)
	$(SAY) 'LD  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(LIBRARY): $(filter-out $(BUILD)/gateway/main.o,$(OBJECTS))
	@rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) 'CC  $<'
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) 'CC  $<'
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(PACKAGE_LIBS) -lcmocka

$(BUILD)/bench/%: tests/bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) 'CC  $<'
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(PACKAGE_LIBS)

unit: $(UNIT_PROGRAMS)

deps: ## installs what the program needs (as root, or through sudo)
	@.ci/deps $(DEPS)
deps-demo:
	@.ci/deps $(DEPS) $(DEPS_DEMO)
deps-test: ## installs what the tests need besides
	@.ci/deps $(DEPS) $(DEPS_TEST)
deps-long: ## installs what the longer checks need besides; unpacks Postfix's smtp-sink and smtp-source
	@.ci/deps $(DEPS) $(DEPS_TEST) $(DEPS_LONG)
	@.ci/unpack postfix

run: deps-demo ## the service with the demo's mail system, until Ctrl-C; CONFIG=FILE: your own mailboxes; FRESH=1: begin anew
	@config/demo/run

demo: deps-demo ## the same, ending by itself
	@config/demo/run --once

test: deps-test ## unit tests and cases under ASan and UBSan, SQL, one flow a stage, lint
	@tests/run

test-long: deps-long ## all of that, crash points, screenshots (under an hour)
	@tests/run --long

sanitize: ## builds the program and the unit tests with ASan and UBSan (build/asan)
	@$(MAKE) --no-print-directory -s $(IN_ASAN) all unit

lint: ## what a machine can check of the house style
	@tests/lint.t

bench: deps-long ## speed, beside peers, in the same run
	@tests/bench/run

FUZZ_SECONDS ?= 600
fuzz: deps-long ## libFuzzer under ASan and UBSan, FUZZ_SECONDS (600) a target
	@tests/fuzz/run --seconds $(FUZZ_SECONDS)

fuzz-planted: deps-long ## does each fuzzer find the bug that is planted for it?
	@tests/fuzz/run --planted

# Made by tests/fuzz/run with clang: the target with libFuzzer's main.
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/fuzz.o $(LIBRARY)
	$(SAY) 'LD  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PACKAGE_LIBS)

# The same target with the committed inputs in place of libFuzzer.
$(BUILD)/unit/test_fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/replay.o $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) 'LD  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

format: ## formats the C files that changed
	@git diff --name-only HEAD -- '*.c' '*.h' | xargs -r clang-format -i

install: all ## installs under DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/fieldpost
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/fieldpost
	for d in clients forms languages mail pages regions; do \
		(cd config && find $$d -type f) | while read -r f; do \
			install -D -m 644 config/$$f $(DESTDIR)$(PREFIX)/share/fieldpost/$$f; done; done
	(cd sql && find migrations api read -name '*.sql') | while read -r f; do \
		install -D -m 644 sql/$$f $(DESTDIR)$(PREFIX)/share/fieldpost/sql/$$f; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/local/bin|$(PREFIX)/bin|' systemd/fieldpost.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/fieldpost.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/fieldpost.service
	install -D -m 644 systemd/fieldpost.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/fieldpost.conf
	install -D -m 644 systemd/fieldpost.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/fieldpost.conf

clean: ## removes what was built
	rm -rf build fieldpost

-include $(OBJECTS:.o=.d) $(UNIT_PROGRAMS:%=%.d) $(wildcard $(BUILD)/tests/fuzz/*.d)
.SECONDARY:
