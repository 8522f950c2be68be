# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/top/cells.c \
	src/top/cells.h \
	src/top/columns.def \
	src/top/header.c \
	src/top/header.h \
	src/top/json.c \
	src/top/json.h \
	src/top/lines.c \
	src/top/lines.h \
	src/top/model.c \
	src/top/model.h \
	src/top/top.c \
	src/top/top.h \
	src/top/view.h \
	src/top/windows.c \
	src/top/windows.h
if CURSES
llm_spy_SOURCES += \
	src/top/draw.c \
	src/top/filter.c \
	src/top/filter.h \
	src/top/help.c \
	src/top/help.h \
	src/top/keys.c \
	src/top/pane.c \
	src/top/prompt.c \
	src/top/prompt.h \
	src/top/save.c \
	src/top/save.h \
	src/top/screen.c \
	src/top/screen.h \
	src/top/tabs.c \
	src/top/tabs.h \
	src/top/talk.c \
	src/top/talk.h \
	src/top/talk_draw.c \
	src/top/talk_int.h \
	src/top/talk_read.c \
	src/top/view.c \
	src/top/view_int.h \
	src/top/wrap.c \
	src/top/wrap.h
endif
if BPF
llm_spy_SOURCES += \
	src/top/live.c \
	src/top/live.h
endif
