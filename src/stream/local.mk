# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/stream/procs.c \
	src/stream/procs.h \
	src/stream/stream.c \
	src/stream/stream.h

check_PROGRAMS += tests/unit/test_procs tests/unit/test_stream
