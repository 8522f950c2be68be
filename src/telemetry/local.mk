# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/telemetry/exposition.c \
	src/telemetry/exposition.h \
	src/telemetry/histogram.c \
	src/telemetry/histogram.h \
	src/telemetry/metrics.c \
	src/telemetry/metrics.def \
	src/telemetry/metrics.h \
	src/telemetry/otlp_batch.c \
	src/telemetry/otlp_batch.h \
	src/telemetry/otlp_content.c \
	src/telemetry/otlp_metrics.c \
	src/telemetry/otlp_metrics.h \
	src/telemetry/otlp_resource.c \
	src/telemetry/otlp_span.c \
	src/telemetry/otlp_span.h \
	src/telemetry/otlp_value.c \
	src/telemetry/otlp_value.h \
	src/telemetry/scrape.c \
	src/telemetry/scrape.h \
	src/telemetry/semconv.c \
	src/telemetry/semconv.def \
	src/telemetry/semconv.h \
	src/telemetry/tool_spans.c \
	src/telemetry/tool_spans.h \
	src/telemetry/trace_context.c \
	src/telemetry/trace_context.h

check_PROGRAMS += tests/unit/test_telemetry
