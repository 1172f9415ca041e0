# Fieldpost. `make help` says what there is.

CC ?= gcc
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build/release
PROGRAM ?= fieldpost
SANITIZE ?=
WERROR ?=

VERSION := 0.1.0
PACKAGES := gmime-3.0 libxml-2.0 libpcre2-8 icu-i18n icu-uc jansson yaml-0.1 libpq libssl libcrypto libseccomp libsystemd libcurl

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

# GMime's and libxml2's headers are the system's: their warnings are not ours.
PACKAGE_CFLAGS = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
# libetpan's pkg-config file carries -specs that turn PIE off, so it is named by hand.
PACKAGE_LIBS = $(shell pkg-config --libs $(PACKAGES)) -letpan -lpthread

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DFIELDPOST_VERSION='"$(VERSION)"' -DFIELDPOST_SHARE='"$(PREFIX)/share/fieldpost"' \
	-Igateway -I. -include base/banned.h $(PACKAGE_CFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZE) $(CFLAGS)
ALL_LDFLAGS = $(LINK_HARDENING) $(SANITIZE) $(LDFLAGS)

SOURCES := $(sort $(wildcard gateway/*.c gateway/*/*.c gateway/*/*/*.c parsers/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libfieldpost.a
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: all help clean
all: $(PROGRAM)

help: ## what each target does
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PROGRAM): $(BUILD)/gateway/main.o $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(LIBRARY): $(filter-out $(BUILD)/gateway/main.o,$(OBJECTS))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(PACKAGE_LIBS) -lcmocka

unit: $(UNIT_PROGRAMS) ## builds the unit tests' programs

clean: ## removes what was built
	rm -rf build fieldpost

-include $(OBJECTS:.o=.d) $(UNIT_PROGRAMS:%=%.d)
