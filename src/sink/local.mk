# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/sink/arguments.c \
	src/sink/arguments.h \
	src/sink/begun.c \
	src/sink/begun.h \
	src/sink/block.c \
	src/sink/block_changes.c \
	src/sink/block.h \
	src/sink/block_head.c \
	src/sink/block_int.h \
	src/sink/block_other.c \
	src/sink/block_parts.c \
	src/sink/block_request.c \
	src/sink/block_tail.c \
	src/sink/console.c \
	src/sink/console.h \
	src/sink/csv.c \
	src/sink/csv_cell.c \
	src/sink/csv_cell.h \
	src/sink/csv_columns.def \
	src/sink/diff.c \
	src/sink/diff.h \
	src/sink/fanout.c \
	src/sink/fanout.h \
	src/sink/follow.c \
	src/sink/follow.h \
	src/sink/har.c \
	src/sink/har_entry.c \
	src/sink/har.h \
	src/sink/har_messages.c \
	src/sink/har_url.c \
	src/sink/history.c \
	src/sink/history.h \
	src/sink/history_int.h \
	src/sink/history_record.c \
	src/sink/html.c \
	src/sink/html_style.c \
	src/sink/html_text.c \
	src/sink/html_text.h \
	src/sink/http_port.c \
	src/sink/http_port.h \
	src/sink/http_server.c \
	src/sink/http_server.h \
	src/sink/inflight.c \
	src/sink/inflight.h \
	src/sink/jsonl.c \
	src/sink/keys.c \
	src/sink/keys.h \
	src/sink/ledger.c \
	src/sink/ledger.h \
	src/sink/live_match.c \
	src/sink/live_match.h \
	src/sink/live_view.c \
	src/sink/live_view.h \
	src/sink/md.c \
	src/sink/md_text.c \
	src/sink/md_text.h \
	src/sink/metrics.c \
	src/sink/metrics_server.c \
	src/sink/metrics_server.h \
	src/sink/otlp.c \
	src/sink/otlp_config.c \
	src/sink/otlp_config.h \
	src/sink/otlp_http.c \
	src/sink/otlp_http.h \
	src/sink/output.c \
	src/sink/output.h \
	src/sink/output_spec.c \
	src/sink/output_spec.h \
	src/sink/page.c \
	src/sink/page.h \
	src/sink/page_int.h \
	src/sink/page_text.c \
	src/sink/places.c \
	src/sink/places.h \
	src/sink/plain.c \
	src/sink/plain.h \
	src/sink/pretty.c \
	src/sink/pretty.h \
	src/sink/queue.c \
	src/sink/queue.h \
	src/sink/rate_limits.def \
	src/sink/screen.c \
	src/sink/screen.h \
	src/sink/sink.c \
	src/sink/sink.h \
	src/sink/sinks.def \
	src/sink/sqlite.c \
	src/sink/status.c \
	src/sink/status.h \
	src/sink/streamed.c \
	src/sink/streamed.h \
	src/sink/stricter.c \
	src/sink/stricter.h \
	src/sink/tally.c \
	src/sink/tally.h \
	src/sink/term.c \
	src/sink/term.h \
	src/sink/text.c \
	src/sink/transcript.c \
	src/sink/transcript_facts.c \
	src/sink/transcript.h \
	src/sink/verbose.c \
	src/sink/verbose_http.c \
	src/sink/verbose_int.h \
	src/sink/verbose_llm.c \
	src/sink/verbose_rpc.c \
	src/sink/writer.c \
	src/sink/writer.h

check_PROGRAMS += tests/unit/test_block tests/unit/test_csv tests/unit/test_diff tests/unit/test_history tests/unit/test_outputs tests/unit/test_term
check_PROGRAMS += tests/unit/test_live tests/unit/test_screen
EXTRA_DIST += tests/unit/csv.golden tests/unit/outputs.h

check_PROGRAMS += tests/fuzz/fuzz_text
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz_text.c $(FUZZ_MAIN)
tests_fuzz_fuzz_text_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/text

check_PROGRAMS += tests/fuzz/fuzz_pages
tests_fuzz_fuzz_pages_SOURCES = tests/fuzz/fuzz_pages.c $(FUZZ_MAIN)
tests_fuzz_fuzz_pages_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/pages

check_PROGRAMS += tests/fuzz/fuzz_block
tests_fuzz_fuzz_block_SOURCES = tests/fuzz/fuzz_block.c $(FUZZ_MAIN)
tests_fuzz_fuzz_block_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/block
