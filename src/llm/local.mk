# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/llm/anthropic.c \
	src/llm/calls.c \
	src/llm/calls.h \
	src/llm/dialect.h \
	src/llm/dialects.def \
	src/llm/endpoint.c \
	src/llm/intake.c \
	src/llm/intake.h \
	src/llm/json.c \
	src/llm/json.h \
	src/llm/jsonfix.c \
	src/llm/jsonfix.h \
	src/llm/openai_chat.c \
	src/llm/paths.def \
	src/llm/providers.def
