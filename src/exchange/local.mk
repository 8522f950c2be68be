# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/exchange/builder.h \
	src/exchange/exchange.h \
	src/exchange/secret.h
