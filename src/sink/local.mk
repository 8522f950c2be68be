# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/sink/csv.c \
	src/sink/csv_columns.def \
	src/sink/fanout.c \
	src/sink/fanout.h \
	src/sink/jsonl.c \
	src/sink/output.c \
	src/sink/output.h \
	src/sink/output_spec.c \
	src/sink/output_spec.h \
	src/sink/queue.c \
	src/sink/queue.h \
	src/sink/select.c \
	src/sink/select.h \
	src/sink/sink.c \
	src/sink/sink.h \
	src/sink/sinks.def \
	src/sink/sqlite.c \
	src/sink/stricter.c \
	src/sink/stricter.h \
	src/sink/term.c \
	src/sink/term.h \
	src/sink/text.c \
	src/sink/text_http.c \
	src/sink/text_int.h \
	src/sink/text_llm.c \
	src/sink/text_rpc.c \
	src/sink/writer.c \
	src/sink/writer.h

check_PROGRAMS += tests/unit/test_csv tests/unit/test_outputs tests/unit/test_term
EXTRA_DIST += tests/unit/csv.golden tests/unit/outputs.h

check_PROGRAMS += tests/fuzz/fuzz_text
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz_text.c $(FUZZ_MAIN)
tests_fuzz_fuzz_text_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/text
