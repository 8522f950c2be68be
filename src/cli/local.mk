# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/cli/cmd_replay.c \
	src/cli/cmd_replay.h
if BPF
llm_spy_SOURCES += \
	src/cli/cmd_doctor.c \
	src/cli/cmd_doctor.h \
	src/cli/cmd_targets.c \
	src/cli/cmd_targets.h \
	src/cli/target_json.c \
	src/cli/target_row.h \
	src/cli/target_text.c
endif
