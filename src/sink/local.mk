# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/sink/jsonl.c \
	src/sink/sink.c \
	src/sink/sink.h \
	src/sink/sinks.def \
	src/sink/term.c \
	src/sink/term.h \
	src/sink/text.c \
	src/sink/text_http.c \
	src/sink/text_int.h \
	src/sink/text_llm.c
