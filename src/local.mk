# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/pipeline.c \
	src/pipeline.h \
	src/seen.c \
	src/seen.h \
	src/status.c \
	src/status.h

bin_PROGRAMS += llm-spy
llm_spy_SOURCES = \
	src/exitcode.h \
	src/main.c \
	src/options.c \
	src/options.def \
	src/options.h \
	src/show.c \
	src/show.h \
	src/pricefile.c \
	src/pricefile.h \
	src/summary.c \
	src/summary.h \
	src/totals.c \
	src/totals.h
if !BPF
llm_spy_LDADD = libpure.a $(PURE_LIBS)
else
llm_spy_SOURCES += \
	src/command.c \
	src/command.h \
	src/doctor.c \
	src/doctor.h \
	src/statusfile.c \
	src/statusfile.h \
	src/targets.c \
	src/targets.h \
	src/trace.c \
	src/trace.h
llm_spy_LDADD = libkernel.a libfind.a libpure.a $(PURE_LIBS) $(LIBELF_LIBS) -ldl -lpthread
endif

check_PROGRAMS += tests/unit/test_cases
check_PROGRAMS += tests/unit/test_seen
EXTRA_DIST += tests/cases tests/unit/cuts.h

check_PROGRAMS += tests/fuzz/fuzz_pipeline
tests_fuzz_fuzz_pipeline_SOURCES = tests/fuzz/fuzz_pipeline.c $(FUZZ_MAIN)
tests_fuzz_fuzz_pipeline_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/pipeline
