# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/cost/bill.c \
	src/cost/bill.h \
	src/cost/extras.c \
	src/cost/extras.h \
	src/cost/names.def \
	src/cost/price.c \
	src/cost/price.h \
	src/cost/price_import.c \
	src/cost/price_int.h \
	src/cost/price_name.c \
	src/cost/price_table.c \
	src/cost/rates.def \
	src/cost/tiers.def
llm_spy_SOURCES += \
	src/cost/price_file.c \
	src/cost/price_file.h
nodist_libpure_a_SOURCES = src/cost/embedded.c
BUILT_SOURCES += src/cost/embedded.c
CLEANFILES += src/cost/embedded.c
EXTRA_DIST += data/prices.tsv doc/PRICES.md scripts/make-prices

src/cost/embedded.c: data/prices.tsv scripts/embed
	$(AM_V_GEN)$(MKDIR_P) src/cost && $(SHELL) $(top_srcdir)/scripts/embed cost/price_int.h \
		embedded_prices=$(top_srcdir)/data/prices.tsv >$@.tmp && mv $@.tmp $@

check_PROGRAMS += tests/unit/test_bill tests/unit/test_price

check_PROGRAMS += tests/fuzz/fuzz_prices
tests_fuzz_fuzz_prices_SOURCES = tests/fuzz/fuzz_prices.c $(FUZZ_MAIN)
tests_fuzz_fuzz_prices_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/prices
