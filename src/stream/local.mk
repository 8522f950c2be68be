# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/stream/stream.h
