# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/capture/chunk.c \
	src/capture/chunk.h \
	src/capture/endpoints.c \
	src/capture/endpoints.h \
	src/capture/filter.c \
	src/capture/filter.h \
	src/capture/plainports.def \
	src/capture/ports.c \
	src/capture/ports.h \
	src/capture/process.c \
	src/capture/process.h

check_PROGRAMS += tests/unit/test_endpoints
check_PROGRAMS += tests/unit/test_ports
