# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/redact/credential.c \
	src/redact/credential.h \
	src/redact/kept_fields.def \
	src/redact/key_find.c \
	src/redact/key_find.h \
	src/redact/key_shapes.def \
	src/redact/keys.def \
	src/redact/pattern.c \
	src/redact/pattern.h \
	src/redact/pattern_list.c \
	src/redact/pattern_list.h \
	src/redact/redact_int.h \
	src/redact/redact_masked.c \
	src/redact/redact_shape.c \
	src/redact/redact_skip.c \
	src/redact/redact_stream.c \
	src/redact/redact_stream.h \
	src/redact/redact_value.c \
	src/redact/scrub.c \
	src/redact/scrub.h \
	src/redact/scrub_h2.c \
	src/redact/scrub_h2.h \
	src/redact/scrub_hpack.c \
	src/redact/scrub_hpack.h

check_PROGRAMS += tests/unit/test_credential
check_PROGRAMS += tests/unit/test_redact_stream
check_PROGRAMS += tests/unit/test_scrub
check_PROGRAMS += tests/unit/test_scrub_hpack
EXTRA_DIST += tests/unit/hpackmake.h

check_PROGRAMS += tests/fuzz/fuzz_credential
tests_fuzz_fuzz_credential_SOURCES = tests/fuzz/fuzz_credential.c $(FUZZ_MAIN)
tests_fuzz_fuzz_credential_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/credential

check_PROGRAMS += tests/fuzz/fuzz_scrub_h2
tests_fuzz_fuzz_scrub_h2_SOURCES = tests/fuzz/fuzz_scrub_h2.c $(FUZZ_MAIN)
tests_fuzz_fuzz_scrub_h2_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/scrub_h2

check_PROGRAMS += tests/fuzz/fuzz_redact_stream
tests_fuzz_fuzz_redact_stream_SOURCES = tests/fuzz/fuzz_redact_stream.c $(FUZZ_MAIN)
tests_fuzz_fuzz_redact_stream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/redact_stream
