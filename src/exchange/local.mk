# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/exchange/builder.c \
	src/exchange/builder.h \
	src/exchange/digest.c \
	src/exchange/digest.h \
	src/exchange/exchange.c \
	src/exchange/exchange.h \
	src/exchange/secret.c \
	src/exchange/secret.h
