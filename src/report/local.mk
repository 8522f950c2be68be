# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/report/carried.c \
	src/report/carried.h \
	src/report/latency.c \
	src/report/latency.h \
	src/report/missed.c \
	src/report/missed.h \
	src/report/process_stats.c \
	src/report/process_stats.h \
	src/report/registry.c \
	src/report/registry.h \
	src/base/units.h \
	src/report/spend.c \
	src/report/spend.h \
	src/report/spend_cells.c \
	src/report/spend_cells.h \
	src/report/status.c \
	src/report/status.h \
	src/report/tls_files.c \
	src/report/tls_files.h \
	src/report/totals.c \
	src/report/totals.h \
	src/report/summary.c \
	src/report/summary.h \
	src/report/summary_json.c \
	src/report/summary_tables.c \
	src/report/unseen.c \
	src/report/unseen.h
# Written by tracers, and read by views of what was kept as well.
llm_spy_SOURCES += \
	src/report/status_file.c \
	src/report/status_file.h

check_PROGRAMS += tests/unit/test_process_stats tests/unit/test_summary
check_PROGRAMS += tests/unit/test_carried tests/unit/test_registry
