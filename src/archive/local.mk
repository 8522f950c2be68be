# SPDX-License-Identifier: MIT
if SQLITE
libpure_a_SOURCES += \
	src/archive/accounts.c \
	src/archive/accounts.h \
	src/archive/content.c \
	src/archive/content.h \
	src/archive/db.c \
	src/archive/db.h \
	src/archive/key_sums.c \
	src/archive/matches.c \
	src/archive/pin.c \
	src/archive/private_file.c \
	src/archive/private_file.h \
	src/archive/reading.c \
	src/archive/reading.h \
	src/archive/reading_int.h \
	src/archive/record.c \
	src/archive/record.h \
	src/archive/retain.c \
	src/archive/retain.h \
	src/archive/split.c \
	src/archive/split.h \
	src/archive/archive.c \
	src/archive/archive.h

check_PROGRAMS += tests/unit/test_archive
endif
EXTRA_DIST += tests/unit/archive-v1.jsonl tests/unit/archive-v1.sql src/archive/migrations.def src/archive/queries.def
