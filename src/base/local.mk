# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/base/buf.c \
	src/base/error.c \
	src/base/limits.c \
	src/base/log.c \
	src/base/xalloc.c \
	src/base/buf.h \
	src/base/error.h \
	src/base/limits.h \
	src/base/log.h \
	src/base/span.h \
	src/base/xalloc.h \
	src/base/limits.def
