# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/telemetry/exposition.c \
	src/telemetry/exposition.h \
	src/telemetry/histogram.c \
	src/telemetry/histogram.h \
	src/telemetry/metrics.c \
	src/telemetry/metrics.def \
	src/telemetry/metrics.h \
	src/telemetry/scrape.c \
	src/telemetry/scrape.h \
	src/telemetry/trace_context.c \
	src/telemetry/trace_context.h
