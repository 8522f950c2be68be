# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/http/coding.c \
	src/http/coding.h \
	src/http/framing.c \
	src/http/framing.h \
	src/http/framings.def \
	src/http/h1.c \
	src/http/h1.h \
	src/http/http.c \
	src/http/http.h \
	src/http/lines.c \
	src/http/lines.h \
	src/http/ndjson.c \
	src/http/sse.c
