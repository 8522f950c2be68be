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
	src/base/list.h \
	src/base/log.c \
	src/base/log.h \
	src/base/nearest.c \
	src/base/nearest.h \
	src/base/safe_text.c \
	src/base/safe_text.h \
	src/base/span.h \
	src/base/str.c \
	src/base/str.h \
	src/base/units.c \
	src/base/units.h \
	src/base/utf8.c \
	src/base/utf8.h \
	src/base/xalloc.c \
	src/base/xalloc.h

check_PROGRAMS += tests/unit/test_base tests/unit/test_file tests/unit/test_nearest tests/unit/test_safe_text
check_PROGRAMS += tests/unit/test_units
