# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/run/child.c \
	src/run/child.h \
	src/run/loop.c \
	src/run/loop.h \
	src/run/report.c \
	src/run/report.h
if BPF
llm_spy_SOURCES += \
	src/run/report_files.c \
	src/run/report_files.h \
	src/run/tracer.c \
	src/run/tracer.h
endif
