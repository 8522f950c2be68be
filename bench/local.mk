# SPDX-License-Identifier: MIT
# make bench: needs root. make bench-json: the reader of JSON alone. make bench-history: no root.
EXTRA_PROGRAMS = bench-json bench-sslw bench-syscalls
bench_json_SOURCES = bench/json.c
bench_sslw_SOURCES = bench/sslw.c
bench_sslw_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
bench_sslw_LDADD = $(OPENSSL_LIBS) -lpthread
bench_syscalls_SOURCES = bench/syscalls.c
EXTRA_DIST += bench/history.py bench/prompts.py bench/run.py

bench: llm-spy bench-json bench-sslw bench-syscalls
	./bench-json
	builddir='$(abs_top_builddir)' /usr/bin/python3 -B $(top_srcdir)/bench/run.py
# Reading an archive of a million exchanges; no root.
bench-history: llm-spy
	srcdir='$(top_srcdir)' builddir='$(abs_top_builddir)' /usr/bin/python3 -B $(top_srcdir)/bench/history.py
.PHONY: bench bench-history
