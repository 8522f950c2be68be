# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/view/asked_texts.c \
	src/view/asked_texts.h \
	src/view/book.c \
	src/view/book.h \
	src/view/book_query.c \
	src/view/book_query.h \
	src/view/book_texts.c \
	src/view/book_texts.h \
	src/view/curl.c \
	src/view/curl.h \
	src/view/from_archive.c \
	src/view/from_file.c \
	src/view/key_uses.c \
	src/view/key_uses.h \
	src/view/live_sessions.c \
	src/view/live_sessions.h \
	src/view/live_store.c \
	src/view/live_store.h \
	src/view/match.c \
	src/view/match.h \
	src/view/match_difference.c \
	src/view/match_int.h \
	src/view/match_parts.c \
	src/view/pace.c \
	src/view/pace.h \
	src/view/page.c \
	src/view/page.h \
	src/view/session_order.c \
	src/view/session_tree.c \
	src/view/sessions.c \
	src/view/sessions.h \
	src/view/sessions_int.h \
	src/view/refusals.def \
	src/view/rate_limits.c \
	src/view/rate_limits.h \
	src/view/reply.c \
	src/view/reply.h \
	src/view/spending.c \
	src/view/spending.h \
	src/view/sums.h \
	src/view/request_diff.c \
	src/view/request_diff.h \
	src/view/talks.c \
	src/view/talks.h \
	src/view/term_values.c \
	src/view/term_values.h \
	src/view/timeline.c \
	src/view/timeline.h \
	src/view/unserved.def \
	src/view/view.c \
	src/view/view.h \
	src/view/view_int.h \
	src/view/volatile.c \
	src/view/volatile.def \
	src/view/volatile.h \
	src/view/words.c \
	src/view/words.h

check_PROGRAMS += tests/unit/test_live_store tests/unit/test_match
check_PROGRAMS += tests/fuzz/fuzz_match
tests_fuzz_fuzz_match_SOURCES = tests/fuzz/fuzz_match.c $(FUZZ_MAIN)
tests_fuzz_fuzz_match_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/match
tests_unit_test_live_store_SOURCES = tests/unit/test_live_store.c src/cost/price_file.c
