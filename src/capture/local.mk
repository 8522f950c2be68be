# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/capture/chunk.h
