# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/llm/calls.h \
	src/llm/dialect.h \
	src/llm/dialects.def
