# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/conversation/agent.c \
	src/conversation/agent.h \
	src/conversation/conversation.c \
	src/conversation/conversation.h \
	src/conversation/fingerprint.c \
	src/conversation/fingerprint.h \
	src/conversation/own_words.c \
	src/conversation/own_words.h \
	src/conversation/store.c \
	src/conversation/store.h \
	src/conversation/titles.c \
	src/conversation/titles.h \
	src/conversation/tool_calls.c \
	src/conversation/tool_calls.h

check_PROGRAMS += tests/unit/test_conversation
check_PROGRAMS += tests/unit/test_own_words
check_PROGRAMS += tests/unit/test_tool_calls

check_PROGRAMS += tests/fuzz/fuzz_conversation
tests_fuzz_fuzz_conversation_SOURCES = tests/fuzz/fuzz_conversation.c $(FUZZ_MAIN)
tests_fuzz_fuzz_conversation_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/conversation

check_PROGRAMS += tests/fuzz/fuzz_own_words
tests_fuzz_fuzz_own_words_SOURCES = tests/fuzz/fuzz_own_words.c $(FUZZ_MAIN)
tests_fuzz_fuzz_own_words_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/own_words
