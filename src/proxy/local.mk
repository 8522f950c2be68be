# SPDX-License-Identifier: MIT
# The proxy is a program of its own: the tracer links no TLS library.
libpure_a_SOURCES += \
	src/proxy/ask.c \
	src/proxy/ask.h \
	src/proxy/upstream.c \
	src/proxy/upstream.h
if PROXY
pkglibexec_PROGRAMS += llm-spy-proxy
llm_spy_proxy_SOURCES = \
	src/proxy/about.c \
	src/proxy/about.h \
	src/proxy/authority.c \
	src/proxy/authority.h \
	src/proxy/bundle.c \
	src/proxy/bundle.h \
	src/proxy/finder.c \
	src/proxy/finder.h \
	src/proxy/main.c \
	src/proxy/outlet.c \
	src/proxy/outlet.h \
	src/proxy/owner.c \
	src/proxy/owner.h \
	src/proxy/pinned.c \
	src/proxy/pinned.h \
	src/proxy/proxy.h \
	src/proxy/pump.c \
	src/proxy/pump.h \
	src/proxy/sessions.c \
	src/proxy/sessions.h \
	src/proxy/teller.c \
	src/proxy/teller.h \
	src/proxy/tunnel.c \
	src/proxy/tunnel.h \
	src/proxy/tunnel_int.h \
	src/proxy/tunnel_reach.c \
	src/proxy/tunnel_tls.c
llm_spy_proxy_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(EVENT_CFLAGS)
llm_spy_proxy_LDADD = libkernel.a libpure.a $(PURE_LIBS) $(OPENSSL_LIBS) $(EVENT_LIBS) -lpthread
check_PROGRAMS += tests/unit/test_sessions
tests_unit_test_sessions_SOURCES = tests/unit/test_sessions.c src/proxy/sessions.c
tests_unit_test_sessions_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_unit_test_sessions_LDADD = $(LDADD) $(OPENSSL_LIBS)
endif

check_PROGRAMS += tests/unit/test_ask tests/unit/test_upstream
check_PROGRAMS += tests/fuzz/fuzz_upstream
tests_fuzz_fuzz_upstream_SOURCES = tests/fuzz/fuzz_upstream.c $(FUZZ_MAIN)
tests_fuzz_fuzz_upstream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/upstream
check_PROGRAMS += tests/fuzz/fuzz_ask
tests_fuzz_fuzz_ask_SOURCES = tests/fuzz/fuzz_ask.c $(FUZZ_MAIN)
tests_fuzz_fuzz_ask_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/ask
