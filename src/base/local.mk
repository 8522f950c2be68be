# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/base/buf.c \
	src/base/buf.h \
	src/base/bytes.h \
	src/base/cache_dir.c \
	src/base/cache_dir.h \
	src/base/caller.c \
	src/base/caller.h \
	src/base/clock.h \
	src/base/columns.def \
	src/base/config_text.c \
	src/base/config_text.h \
	src/base/comma.c \
	src/base/comma.h \
	src/base/digest.c \
	src/base/digest.h \
	src/base/dir.h \
	src/base/error.c \
	src/base/error.h \
	src/base/file.c \
	src/base/file.h \
	src/base/library.c \
	src/base/library.h \
	src/base/limits.c \
	src/base/limits.def \
	src/base/limits.h \
	src/base/locked_dir.c \
	src/base/locked_dir.h \
	src/base/list.h \
	src/base/log.c \
	src/base/log.h \
	src/base/nearest.c \
	src/base/nearest.h \
	src/base/percent.c \
	src/base/percent.h \
	src/base/safe_text.c \
	src/base/safe_text.h \
	src/base/span.h \
	src/base/str.c \
	src/base/str.h \
	src/base/typed.c \
	src/base/typed.h \
	src/base/units.c \
	src/base/units.h \
	src/base/urgent.c \
	src/base/urgent.h \
	src/base/utf8.c \
	src/base/utf8.h \
	src/base/xalloc.c \
	src/base/xalloc.h

check_PROGRAMS += tests/unit/test_base tests/unit/test_file tests/unit/test_nearest tests/unit/test_safe_text
check_PROGRAMS += tests/unit/test_units tests/unit/test_config_text

check_PROGRAMS += tests/fuzz/fuzz_config_text
tests_fuzz_fuzz_config_text_SOURCES = tests/fuzz/fuzz_config_text.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_text_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/config_text
