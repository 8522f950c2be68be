# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/options/exit_code.h \
	src/options/options.c \
	src/options/options.def \
	src/options/options.h
