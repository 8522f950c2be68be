# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/capture/chunk.c \
	src/capture/chunk.h \
	src/capture/ends.c \
	src/capture/ends.h \
	src/capture/filter.c \
	src/capture/filter.h \
	src/capture/plainports.def \
	src/capture/ports.c \
	src/capture/ports.h \
	src/capture/proc.c \
	src/capture/proc.h \
	src/capture/record.c \
	src/capture/record.h \
	src/capture/replay.c \
	src/capture/replay.h
if BPF
libkernel_a_SOURCES += \
	src/capture/cpus.c \
	src/capture/cpus.h \
	src/capture/events.c \
	src/capture/events.h \
	src/capture/live.c \
	src/capture/live.h \
	src/capture/procfs.c
endif

check_PROGRAMS += tests/unit/test_ends
check_PROGRAMS += tests/unit/test_ports
check_PROGRAMS += tests/unit/test_record
