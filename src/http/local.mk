# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/http/coding.c \
	src/http/coding.h \
	src/http/eventstream.c \
	src/http/framing.c \
	src/http/framing.h \
	src/http/framings.def \
	src/http/grpc.c \
	src/http/h1.c \
	src/http/h1.h \
	src/http/h1_body.c \
	src/http/h1_body.h \
	src/http/h1_head.c \
	src/http/h1_head.h \
	src/http/h2.c \
	src/http/h2.h \
	src/http/h2_block.c \
	src/http/h2_block.h \
	src/http/h2_start.c \
	src/http/h2_start.h \
	src/http/h2_websocket.c \
	src/http/h2_websocket.h \
	src/http/h2frame.c \
	src/http/h2frame.h \
	src/http/h2streams.c \
	src/http/h2streams.h \
	src/http/hpack.c \
	src/http/hpack.h \
	src/http/http.c \
	src/http/http.h \
	src/http/huffman.c \
	src/http/huffman.h \
	src/http/jsonarray.c \
	src/http/known_headers.def \
	src/http/length_fields.c \
	src/http/length_fields.h \
	src/http/lines.c \
	src/http/lines.h \
	src/http/message.c \
	src/http/message.h \
	src/http/ndjson.c \
	src/http/rpc.c \
	src/http/rpc.h \
	src/http/sse.c \
	src/http/traffic_class.c \
	src/http/traffic_class.h \
	src/http/ws.c \
	src/http/ws.h \
	src/http/ws_frame.c \
	src/http/ws_frame.h \
	src/http/ws_setup.c \
	src/http/ws_setup.h

check_PROGRAMS += tests/unit/test_h1
check_PROGRAMS += tests/unit/test_h2
check_PROGRAMS += tests/unit/test_coding
check_PROGRAMS += tests/unit/test_framing
check_PROGRAMS += tests/unit/test_rpc
check_PROGRAMS += tests/unit/test_traffic_class
check_PROGRAMS += tests/unit/test_ws
tests_unit_test_coding_LDADD = $(LDADD) $(BROTLIENC_LIBS)
tests_unit_test_ceiling_LDADD = $(LDADD) $(BROTLIENC_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/http

check_PROGRAMS += tests/fuzz/fuzz_h2
tests_fuzz_fuzz_h2_SOURCES = tests/fuzz/fuzz_h2.c $(FUZZ_MAIN)
tests_fuzz_fuzz_h2_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/h2

check_PROGRAMS += tests/fuzz/fuzz_coding
tests_fuzz_fuzz_coding_SOURCES = tests/fuzz/fuzz_coding.c $(FUZZ_MAIN)
tests_fuzz_fuzz_coding_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/coding

check_PROGRAMS += tests/fuzz/fuzz_framing
tests_fuzz_fuzz_framing_SOURCES = tests/fuzz/fuzz_framing.c $(FUZZ_MAIN)
tests_fuzz_fuzz_framing_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/framing

check_PROGRAMS += tests/fuzz/fuzz_ws
tests_fuzz_fuzz_ws_SOURCES = tests/fuzz/fuzz_ws.c $(FUZZ_MAIN)
tests_fuzz_fuzz_ws_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/ws

check_PROGRAMS += tests/fuzz/fuzz_rpc
tests_fuzz_fuzz_rpc_SOURCES = tests/fuzz/fuzz_rpc.c $(FUZZ_MAIN)
tests_fuzz_fuzz_rpc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/rpc
