# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/options/check.c \
	src/options/check.h \
	src/options/completions.c \
	src/options/exit_code.h \
	src/options/help.c \
	src/options/options.c \
	src/options/options.def \
	src/options/options.h \
	src/options/read.c \
	src/options/read.h \
	src/options/read_capture.c \
	src/options/read_output.c \
	src/options/read_processes.c \
	src/options/subcommands.def \
	src/options/table.c \
	src/options/table.h
