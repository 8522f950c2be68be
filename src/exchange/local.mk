# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/exchange/builder.c \
	src/exchange/builder.h \
	src/exchange/exchange.c \
	src/exchange/exchange_int.h \
	src/exchange/observer.c \
	src/exchange/observer.h \
	src/exchange/share.c \
	src/exchange/show_mode.c \
	src/exchange/show_mode.h \
	src/exchange/exchange.h
