# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/sink/sink.h \
	src/sink/sinks.def
