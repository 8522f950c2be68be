# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/llm/anthropic.c \
	src/llm/anthropic_more.c \
	src/llm/assistants.c \
	src/llm/bedrock.c \
	src/llm/bedrock.h \
	src/llm/bedrock_converse.c \
	src/llm/bedrock_invoke.c \
	src/llm/bedrock_prompt.c \
	src/llm/calls.c \
	src/llm/calls.h \
	src/llm/calls_int.h \
	src/llm/cohere.c \
	src/llm/dialect.h \
	src/llm/dialects.def \
	src/llm/endpoint.c \
	src/llm/gemini.c \
	src/llm/gemini.h \
	src/llm/gemini_interactions.c \
	src/llm/gemini_live.c \
	src/llm/generic.c \
	src/llm/intake.c \
	src/llm/intake.h \
	src/llm/join.c \
	src/llm/join.h \
	src/llm/json.c \
	src/llm/json.h \
	src/llm/jsonfix.c \
	src/llm/jsonfix.h \
	src/llm/mcp.c \
	src/llm/multipart.c \
	src/llm/multipart.h \
	src/llm/ollama.c \
	src/llm/openai.h \
	src/llm/openai_chat.c \
	src/llm/openai_completions.c \
	src/llm/openai_realtime.c \
	src/llm/openai_responses.c \
	src/llm/paths.def \
	src/llm/providers.def \
	src/llm/recognise.c \
	src/llm/recognise.h \
	src/llm/socket.c \
	src/llm/socket.h \
	src/llm/sockets.def \
	src/llm/tasks.c \
	src/llm/tell.c \
	src/llm/tell.h

check_PROGRAMS += tests/unit/test_bedrock tests/unit/test_join tests/unit/test_jsonfix

check_PROGRAMS += tests/fuzz/fuzz_json
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/json

check_PROGRAMS += tests/fuzz/fuzz_multipart
tests_fuzz_fuzz_multipart_SOURCES = tests/fuzz/fuzz_multipart.c $(FUZZ_MAIN)
tests_fuzz_fuzz_multipart_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/multipart
