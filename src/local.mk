# SPDX-License-Identifier: MIT
bin_PROGRAMS += llm-spy
libpure_a_SOURCES += \
	src/pipeline.c \
	src/pipeline.h
llm_spy_SOURCES = \
	src/main.c
if !BPF
llm_spy_LDADD = libpure.a $(PURE_LIBS) $(CURSES_LIBS)
else
llm_spy_LDADD = libkernel.a libfind.a libpure.a $(PURE_LIBS) $(LIBELF_LIBS) $(CURSES_LIBS) -ldl -lpthread
endif

check_PROGRAMS += tests/unit/test_cases
EXTRA_DIST += tests/cases tests/unit/cuts.h tests/unit/keep_record.h

check_PROGRAMS += tests/fuzz/fuzz_pipeline
tests_fuzz_fuzz_pipeline_SOURCES = tests/fuzz/fuzz_pipeline.c $(FUZZ_MAIN)
tests_fuzz_fuzz_pipeline_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/pipeline
