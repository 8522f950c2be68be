# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/price/bill.c \
	src/price/bill.h \
	src/price/names.def \
	src/price/price.c \
	src/price/price.h \
	src/price/price_import.c \
	src/price/price_int.h \
	src/price/price_name.c \
	src/price/price_table.c \
	src/price/rates.def
nodist_libpure_a_SOURCES = src/price/embedded.c
BUILT_SOURCES += src/price/embedded.c
CLEANFILES += src/price/embedded.c
EXTRA_DIST += data/prices.tsv doc/PRICES.md scripts/make-prices

src/price/embedded.c: data/prices.tsv scripts/embed
	$(AM_V_GEN)$(MKDIR_P) src/price && $(SHELL) $(top_srcdir)/scripts/embed price/price_int.h \
		embedded_prices=$(top_srcdir)/data/prices.tsv >$@.tmp && mv $@.tmp $@

check_PROGRAMS += tests/unit/test_price

check_PROGRAMS += tests/fuzz/fuzz_prices
tests_fuzz_fuzz_prices_SOURCES = tests/fuzz/fuzz_prices.c $(FUZZ_MAIN)
tests_fuzz_fuzz_prices_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/prices
