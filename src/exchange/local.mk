# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/exchange/blank.c \
	src/exchange/blank.h \
	src/exchange/builder.c \
	src/exchange/builder.h \
	src/exchange/digest.c \
	src/exchange/digest.h \
	src/exchange/exchange.c \
	src/exchange/exchange.h \
	src/exchange/fieldblank.c \
	src/exchange/fieldblank.h \
	src/exchange/fieldnames.def \
	src/exchange/h2blank.c \
	src/exchange/h2blank.h \
	src/exchange/secret.c \
	src/exchange/secret.h

check_PROGRAMS += tests/unit/test_secret

check_PROGRAMS += tests/fuzz/fuzz_secret
tests_fuzz_fuzz_secret_SOURCES = tests/fuzz/fuzz_secret.c $(FUZZ_MAIN)
tests_fuzz_fuzz_secret_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/secret

check_PROGRAMS += tests/unit/test_blank tests/unit/test_fieldblank
EXTRA_DIST += tests/unit/hpackmake.h

check_PROGRAMS += tests/fuzz/fuzz_h2blank
tests_fuzz_fuzz_h2blank_SOURCES = tests/fuzz/fuzz_h2blank.c $(FUZZ_MAIN)
tests_fuzz_fuzz_h2blank_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/h2blank
