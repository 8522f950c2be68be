# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/source/asked_names.c \
	src/source/asked_names.h \
	src/source/record.c \
	src/source/record.h \
	src/source/replay.c \
	src/source/replay.h \
	src/source/source.h
if BPF
libkernel_a_SOURCES += \
	src/source/describer.c \
	src/source/describer.h \
	src/source/kernel_buffer.c \
	src/source/kernel_buffer.h \
	src/source/live.c \
	src/source/live.h \
	src/source/piped.c \
	src/source/piped.h \
	src/source/ring.c \
	src/source/ring.h \
	src/source/stdio.c \
	src/source/stdio.h \
	src/source/stdio_ends.c \
	src/source/stdio_ends.h \
	src/source/stdio_file.c \
	src/source/stdio_file.h \
	src/source/stdio_link.c \
	src/source/stdio_link.h
endif

check_PROGRAMS += tests/unit/test_record tests/unit/test_asked_names

if BPF
check_PROGRAMS += tests/unit/test_stdio
tests_unit_test_stdio_LDADD = libkernel.a $(LDADD)
endif
