# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/hold/mounts.c \
	src/hold/mounts.h

check_PROGRAMS += tests/unit/test_mounts

if BPF
libkernel_a_SOURCES += \
	src/hold/gate.c \
	src/hold/gate.h \
	src/hold/hold.c \
	src/hold/hold.h \
	src/hold/stops.c \
	src/hold/stops.h
check_PROGRAMS += tests/unit/test_stops
tests_unit_test_stops_LDADD = libkernel.a $(LDADD)
endif
