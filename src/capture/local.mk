# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/capture/ancestors.c \
	src/capture/ancestors.h \
	src/capture/cgroup_path.c \
	src/capture/cgroup_path.h \
	src/capture/chunk.c \
	src/capture/chunk.h \
	src/capture/endpoints.c \
	src/capture/endpoints.h \
	src/capture/filter.c \
	src/capture/filter.h \
	src/capture/held_chunks.c \
	src/capture/held_chunks.h \
	src/capture/hello.c \
	src/capture/hello.h \
	src/capture/interpreters.def \
	src/capture/plainports.def \
	src/capture/ports.c \
	src/capture/ports.h \
	src/capture/process.c \
	src/capture/process.h \
	src/capture/script_name.c \
	src/capture/script_name.h

check_PROGRAMS += tests/unit/test_filter tests/unit/test_cgroup_path
check_PROGRAMS += tests/unit/test_endpoints
check_PROGRAMS += tests/unit/test_hello
check_PROGRAMS += tests/unit/test_ports
check_PROGRAMS += tests/unit/test_script_name

check_PROGRAMS += tests/fuzz/fuzz_script_name
tests_fuzz_fuzz_script_name_SOURCES = tests/fuzz/fuzz_script_name.c $(FUZZ_MAIN)
tests_fuzz_fuzz_script_name_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/script_name

check_PROGRAMS += tests/fuzz/fuzz_cgroup_path
tests_fuzz_fuzz_cgroup_path_SOURCES = tests/fuzz/fuzz_cgroup_path.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cgroup_path_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/cgroup_path

check_PROGRAMS += tests/fuzz/fuzz_hello
tests_fuzz_fuzz_hello_SOURCES = tests/fuzz/fuzz_hello.c $(FUZZ_MAIN)
tests_fuzz_fuzz_hello_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/hello
