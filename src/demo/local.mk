# SPDX-License-Identifier: MIT
# The mock provider is a program of its own: the tracer links no TLS library.
if BPF
pkglibexec_PROGRAMS += llm-spy-mock
llm_spy_mock_SOURCES = \
	src/demo/mock.c \
	src/demo/mock_agent.c \
	src/demo/mock_agent.h \
	src/demo/mock_tls.c \
	src/demo/mock_tls.h
llm_spy_mock_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
llm_spy_mock_LDADD = libpure.a $(PURE_LIBS) $(OPENSSL_LIBS) -lpthread
llm_spy_SOURCES += \
	src/demo/demo.c \
	src/demo/demo.h
endif
EXTRA_DIST += src/demo/agent.py src/demo/demo.sh
