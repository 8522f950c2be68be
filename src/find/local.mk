# SPDX-License-Identifier: MIT
# Finders are pure: a library of their own, so that tests and fuzzers need no kernel.
noinst_LIBRARIES += libfind.a
libfind_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
libfind_a_SOURCES = \
	src/find/bio_ssl.c \
	src/find/bio_ssl.h \
	src/find/boringssl_sealed.c \
	src/find/boringssl_sealed.h \
	src/find/bytes.h \
	src/find/catalog.c \
	src/find/catalog.h \
	src/find/code.c \
	src/find/code.h \
	src/find/code_arm64.c \
	src/find/code_int.h \
	src/find/code_x86.c \
	src/find/error_sites.c \
	src/find/error_sites.h \
	src/find/find_awslc.c \
	src/find/find_boringssl.c \
	src/find/find_erlang.c \
	src/find/find_go.c \
	src/find/find_linker.c \
	src/find/find_mbedtls.c \
	src/find/find_openssl1.c \
	src/find/find_openssl_static.c \
	src/find/find_rustls.c \
	src/find/find_rustls_symbols.c \
	src/find/find_symbols.c \
	src/find/finder.c \
	src/find/finder.h \
	src/find/finders.def \
	src/find/hooks.def \
	src/find/image.c \
	src/find/image.h \
	src/find/imports.c \
	src/find/imports.h \
	src/find/pclntab.c \
	src/find/pclntab.h \
	src/find/place.c \
	src/find/place.h \
	src/find/plan.c \
	src/find/plan.h \
	src/find/prefilter.c \
	src/find/prefilter.h \
	src/find/string_sites.c \
	src/find/string_sites.h \
	src/find/unwind.c \
	src/find/unwind.h \
	src/find/vtables.c \
	src/find/vtables.h
FIND_LIBS = libfind.a libpure.a $(PURE_LIBS) $(LIBELF_LIBS)

# What tests ask about files; none itself.
noinst_PROGRAMS += tests/finds
tests_finds_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_finds_LDADD = $(FIND_LIBS)

check_PROGRAMS += tests/unit/test_find_static
check_PROGRAMS += tests/unit/test_find_symbols
check_PROGRAMS += tests/unit/test_find_erlang
check_PROGRAMS += tests/unit/test_find_go
check_PROGRAMS += tests/unit/test_find_rustls
check_PROGRAMS += tests/unit/test_catalog
check_PROGRAMS += tests/unit/test_bio_ssl
tests_unit_test_bio_ssl_LDADD = $(FIND_LIBS)
tests_unit_test_bio_ssl_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
check_PROGRAMS += tests/unit/test_place
tests_unit_test_place_LDADD = $(FIND_LIBS)
tests_unit_test_find_static_LDADD = $(FIND_LIBS)
tests_unit_test_find_symbols_LDADD = $(FIND_LIBS)
tests_unit_test_find_symbols_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_unit_test_find_erlang_LDADD = $(FIND_LIBS)
tests_unit_test_find_erlang_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_unit_test_find_go_LDADD = $(FIND_LIBS)
tests_unit_test_find_rustls_LDADD = $(FIND_LIBS)
tests_unit_test_catalog_LDADD = $(FIND_LIBS)
tests_unit_test_catalog_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
EXTRA_DIST += tests/unit/program.h tests/unit/elf_image.h tests/unit/goimage.h tests/unit/rustls_elf.h

check_PROGRAMS += tests/fuzz/fuzz_find_static
tests_fuzz_fuzz_find_static_SOURCES = tests/fuzz/fuzz_find_static.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_static_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_find_static_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/fuzz/corpus/find_static

check_PROGRAMS += tests/fuzz/fuzz_find_symbols
tests_fuzz_fuzz_find_symbols_SOURCES = tests/fuzz/fuzz_find_symbols.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_symbols_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_find_symbols_LDADD = $(FIND_LIBS)
tests_fuzz_fuzz_find_symbols_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
EXTRA_DIST += tests/fuzz/corpus/find_symbols

check_PROGRAMS += tests/fuzz/fuzz_find_go
tests_fuzz_fuzz_find_go_SOURCES = tests/fuzz/fuzz_find_go.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_go_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_find_go_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/fuzz/corpus/find_go

check_PROGRAMS += tests/fuzz/fuzz_find_rustls
tests_fuzz_fuzz_find_rustls_SOURCES = tests/fuzz/fuzz_find_rustls.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_rustls_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_find_rustls_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/fuzz/corpus/find_rustls

check_PROGRAMS += tests/fuzz/fuzz_catalog
tests_fuzz_fuzz_catalog_SOURCES = tests/fuzz/fuzz_catalog.c $(FUZZ_MAIN)
tests_fuzz_fuzz_catalog_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_catalog_LDADD = $(FIND_LIBS)
tests_fuzz_fuzz_catalog_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
EXTRA_DIST += tests/fuzz/corpus/catalog
