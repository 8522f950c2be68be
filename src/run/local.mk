# SPDX-License-Identifier: MIT
if BPF
llm_spy_SOURCES += \
	src/run/child.c \
	src/run/child.h \
	src/run/loop.c \
	src/run/loop.h \
	src/run/tracer.c \
	src/run/tracer.h
endif
