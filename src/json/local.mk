# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/json/memory.c \
	src/json/memory.h \
	src/json/number.c \
	src/json/number.h \
	src/json/pool.c \
	src/json/pool.h \
	src/json/read.c \
	src/json/read.h \
	src/json/string.c \
	src/json/string.h \
	src/json/text.c \
	src/json/text.h \
	src/json/write.c \
	src/json/write.h

check_PROGRAMS += tests/unit/test_json tests/unit/test_json_pool
check_PROGRAMS += tests/fuzz/fuzz_json_read
tests_fuzz_fuzz_json_read_SOURCES = tests/fuzz/fuzz_json_read.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_read_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/json_read
