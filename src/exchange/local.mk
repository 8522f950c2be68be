# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/exchange/builder.c \
	src/exchange/builder.h \
	src/exchange/exchange.c \
	src/exchange/exchange.h \
	src/exchange/memory.c \
	src/exchange/memory.h
