# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/options/apply.h \
	src/options/check.c \
	src/options/check.h \
	src/options/check_selection.c \
	src/options/completions.c \
	src/options/config.c \
	src/options/config.h \
	src/options/config_files.c \
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
	src/options/read_select.c \
	src/options/read_view.c \
	src/options/subcommands.def \
	src/options/table.c \
	src/options/table.h

# What completes in shells, made by the program itself: not where it cannot run.
if COMPLETIONS
bashcompletion_DATA = completions/llm-spy
zshcompletion_DATA = completions/_llm-spy
fishcompletion_DATA = completions/llm-spy.fish
COMPLETE = $(AM_V_GEN)$(MKDIR_P) completions && ./llm-spy$(EXEEXT)
completions/llm-spy: llm-spy$(EXEEXT)
	$(COMPLETE) --completions=bash >$@.tmp && mv $@.tmp $@
completions/_llm-spy: llm-spy$(EXEEXT)
	$(COMPLETE) --completions=zsh >$@.tmp && mv $@.tmp $@
completions/llm-spy.fish: llm-spy$(EXEEXT)
	$(COMPLETE) --completions=fish >$@.tmp && mv $@.tmp $@
CLEANFILES += completions/llm-spy completions/_llm-spy completions/llm-spy.fish
endif
