# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/http/coding.h \
	src/http/http.h \
	src/http/sse.h
