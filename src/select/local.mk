# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/select/amount.c \
	src/select/amount.h \
	src/select/needle.c \
	src/select/needle.h \
	src/select/redact_setting.c \
	src/select/redact_setting.h \
	src/select/search.c \
	src/select/search.h \
	src/select/select.c \
	src/select/select.h \
	src/select/terms.c \
	src/select/terms.def \
	src/select/terms.h \
	src/select/terms_read.c \
	src/select/terms_values.c \
	src/select/terms_int.h \
	src/select/when.c \
	src/select/when.h \
	src/select/words.def

check_PROGRAMS += tests/unit/test_select tests/unit/test_terms

check_PROGRAMS += tests/fuzz/fuzz_terms
tests_fuzz_fuzz_terms_SOURCES = tests/fuzz/fuzz_terms.c $(FUZZ_MAIN)
tests_fuzz_fuzz_terms_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/terms

check_PROGRAMS += tests/fuzz/fuzz_select
tests_fuzz_fuzz_select_SOURCES = tests/fuzz/fuzz_select.c $(FUZZ_MAIN)
tests_fuzz_fuzz_select_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/select
