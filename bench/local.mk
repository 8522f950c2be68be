# SPDX-License-Identifier: MIT
# make bench: needs root. make bench-json: the reader of JSON alone; bench-replay: replays beside it;
# bench-history: reading an archive; bench-proxy: what the proxy adds; bench-top: what llm-spy top takes.
EXTRA_PROGRAMS = bench-json bench-sslw bench-syscalls
bench_json_SOURCES = bench/json.c
bench_sslw_SOURCES = bench/sslw.c
bench_sslw_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
bench_sslw_LDADD = $(OPENSSL_LIBS) -lpthread
bench_syscalls_SOURCES = bench/syscalls.c
EXTRA_DIST += bench/history.py bench/prompts.py bench/proxy.py bench/replay.py bench/run.py bench/top.py

bench-replay: llm-spy bench-json
	builddir='$(abs_top_builddir)' srcdir='$(top_srcdir)' /usr/bin/python3 -B $(top_srcdir)/bench/replay.py

bench: llm-spy bench-json bench-sslw bench-syscalls
	./bench-json
	$(MAKE) bench-replay
	builddir='$(abs_top_builddir)' /usr/bin/python3 -B $(top_srcdir)/bench/run.py
# Reading an archive of a million exchanges; no root.
bench-history: llm-spy
	srcdir='$(top_srcdir)' builddir='$(abs_top_builddir)' /usr/bin/python3 -B $(top_srcdir)/bench/history.py
# The proxy beside a direct connection and, with MITMDUMP=..., mitmproxy; no root.
bench-proxy: all
	builddir='$(abs_top_builddir)' /usr/bin/python3 -B $(top_srcdir)/bench/proxy.py
# What the thread of llm-spy top takes with 60 calls in flight and 100,000 stored; root.
bench-top: all
	srcdir='$(top_srcdir)' builddir='$(abs_top_builddir)' ROWS=100000 /usr/bin/python3 -B $(top_srcdir)/bench/top.py
.PHONY: bench bench-history bench-proxy bench-replay bench-top
