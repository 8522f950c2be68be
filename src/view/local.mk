# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/view/from_archive.c \
	src/view/from_file.c \
	src/view/page.c \
	src/view/page.h \
	src/view/session_order.c \
	src/view/sessions.c \
	src/view/sessions.h \
	src/view/sessions_int.h \
	src/view/spending.c \
	src/view/spending.h \
	src/view/sums.h \
	src/view/view.c \
	src/view/view.h \
	src/view/view_int.h
