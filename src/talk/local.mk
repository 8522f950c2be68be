# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/talk/ask.c \
	src/talk/ask.h \
	src/talk/store.c \
	src/talk/store.h \
	src/talk/talk.c \
	src/talk/talk.h

check_PROGRAMS += tests/unit/test_talk

check_PROGRAMS += tests/fuzz/fuzz_talk
tests_fuzz_fuzz_talk_SOURCES = tests/fuzz/fuzz_talk.c $(FUZZ_MAIN)
tests_fuzz_fuzz_talk_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/talk
