# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/exchange/account.c \
	src/exchange/account.h \
	src/exchange/alerts.c \
	src/exchange/alerts.h \
	src/exchange/arrival.c \
	src/exchange/arrival.h \
	src/exchange/asked.c \
	src/exchange/asked.h \
	src/exchange/builder.c \
	src/exchange/builder.h \
	src/exchange/did.c \
	src/exchange/did.h \
	src/exchange/exchange.c \
	src/exchange/exchange.h \
	src/exchange/exchange_int.h \
	src/exchange/from_json.c \
	src/exchange/halves.c \
	src/exchange/headers.c \
	src/exchange/headers.h \
	src/exchange/json.h \
	src/exchange/json_member.c \
	src/exchange/json_member.h \
	src/exchange/key_print.c \
	src/exchange/key_print.h \
	src/exchange/memory.c \
	src/exchange/memory.h \
	src/exchange/numbering.c \
	src/exchange/numbering.h \
	src/exchange/observer.c \
	src/exchange/observer.h \
	src/exchange/redact.c \
	src/exchange/redact.h \
	src/exchange/redact_policy.c \
	src/exchange/redact_policy.h \
	src/exchange/retry_after.c \
	src/exchange/retry_after.h \
	src/exchange/share.c \
	src/exchange/show_mode.c \
	src/exchange/show_mode.h \
	src/exchange/spender.c \
	src/exchange/spender.h \
	src/exchange/citations.c \
	src/exchange/citations.h \
	src/exchange/to_json.c \
	src/exchange/to_json_ends.c \
	src/exchange/to_json_int.h

check_PROGRAMS += tests/unit/test_exchange_json
check_PROGRAMS += tests/unit/test_numbering
check_PROGRAMS += tests/unit/test_redact_policy

check_PROGRAMS += tests/fuzz/fuzz_record
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz_record.c $(FUZZ_MAIN)
tests_fuzz_fuzz_record_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/record
