# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/view/from_archive.c \
	src/view/from_file.c \
	src/view/match.c \
	src/view/match.h \
	src/view/match_difference.c \
	src/view/match_int.h \
	src/view/match_parts.c \
	src/view/page.c \
	src/view/page.h \
	src/view/session_order.c \
	src/view/sessions.c \
	src/view/sessions.h \
	src/view/sessions_int.h \
	src/view/refusals.def \
	src/view/reply.c \
	src/view/reply.h \
	src/view/spending.c \
	src/view/spending.h \
	src/view/sums.h \
	src/view/unserved.def \
	src/view/view.c \
	src/view/view.h \
	src/view/view_int.h \
	src/view/volatile.c \
	src/view/volatile.def \
	src/view/volatile.h

check_PROGRAMS += tests/unit/test_match
check_PROGRAMS += tests/fuzz/fuzz_match
tests_fuzz_fuzz_match_SOURCES = tests/fuzz/fuzz_match.c $(FUZZ_MAIN)
tests_fuzz_fuzz_match_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/match
