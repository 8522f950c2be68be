# SPDX-License-Identifier: MIT
# Finders are pure: a library of their own, so that tests and fuzzers need no kernel.
noinst_LIBRARIES += libfind.a
libfind_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
libfind_a_SOURCES = \
	src/attach/bytes.h \
	src/attach/catalog.c \
	src/attach/catalog.h \
	src/attach/code.c \
	src/attach/code.h \
	src/attach/code_arm64.c \
	src/attach/code_int.h \
	src/attach/code_x86.c \
	src/attach/find_awslc.c \
	src/attach/find_boringssl.c \
	src/attach/find_go.c \
	src/attach/find_linker.c \
	src/attach/find_openssl1.c \
	src/attach/find_openssl_static.c \
	src/attach/find_rustls.c \
	src/attach/find_symbols.c \
	src/attach/finder.c \
	src/attach/finder.h \
	src/attach/finders.def \
	src/attach/hooks.def \
	src/attach/image.c \
	src/attach/image.h \
	src/attach/pclntab.c \
	src/attach/pclntab.h \
	src/attach/probes.def \
	src/attach/plan.c \
	src/attach/plan.h \
	src/attach/raisers.c \
	src/attach/raisers.h \
	src/attach/signs.c \
	src/attach/signs.h \
	src/attach/unwind.c \
	src/attach/unwind.h
FIND_LIBS = libfind.a libpure.a $(PURE_LIBS) $(LIBELF_LIBS)

# What tests ask about files; none itself.
noinst_PROGRAMS += tests/finds
tests_finds_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_finds_LDADD = $(FIND_LIBS)

check_PROGRAMS += tests/unit/test_find_static
tests_unit_test_find_static_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/unit/program.h

check_PROGRAMS += tests/fuzz/fuzz_find_static
tests_fuzz_fuzz_find_static_SOURCES = tests/fuzz/fuzz_find_static.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_static_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_find_static_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/fuzz/corpus/find_static
check_PROGRAMS += tests/unit/test_find_symbols
tests_unit_test_find_symbols_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_unit_test_find_symbols_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/unit/elf_image.h

check_PROGRAMS += tests/fuzz/fuzz_find_symbols
tests_fuzz_fuzz_find_symbols_SOURCES = tests/fuzz/fuzz_find_symbols.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_symbols_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_fuzz_fuzz_find_symbols_LDADD = $(FIND_LIBS)
tests_fuzz_fuzz_find_symbols_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/find_symbols
check_PROGRAMS += tests/unit/test_find_go
tests_unit_test_find_go_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/unit/goimage.h

check_PROGRAMS += tests/fuzz/fuzz_find_go
tests_fuzz_fuzz_find_go_SOURCES = tests/fuzz/fuzz_find_go.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_go_LDADD = $(FIND_LIBS)
tests_fuzz_fuzz_find_go_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/find_go

check_PROGRAMS += tests/unit/test_find_rustls
tests_unit_test_find_rustls_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/unit/rustls_elf.h

check_PROGRAMS += tests/fuzz/fuzz_find_rustls
tests_fuzz_fuzz_find_rustls_SOURCES = tests/fuzz/fuzz_find_rustls.c $(FUZZ_MAIN)
tests_fuzz_fuzz_find_rustls_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_find_rustls_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/fuzz/corpus/find_rustls

if BPF
libkernel_a_SOURCES += \
	src/attach/bpf.c \
	src/attach/bpf.h \
	src/attach/compile.c \
	src/attach/compile.h \
	src/attach/compiler.c \
	src/attach/compiler.h \
	src/attach/conns.c \
	src/attach/conns.h \
	src/attach/coverage.c \
	src/attach/coverage.h \
	src/attach/discover.c \
	src/attach/discover.h \
	src/attach/embedded.h \
	src/attach/files.c \
	src/attach/files.h \
	src/attach/hook.c \
	src/attach/hook.h \
	src/attach/inbox.c \
	src/attach/inbox.h \
	src/attach/maps.c \
	src/attach/maps.h \
	src/attach/passing.c \
	src/attach/passing.h \
	src/attach/places.c \
	src/attach/places.def \
	src/attach/places.h \
	src/attach/searcher.c \
	src/attach/searcher.h \
	src/attach/target.c \
	src/attach/target.h
nodist_libkernel_a_SOURCES = src/attach/embedded.c
BUILT_SOURCES += src/attach/embedded.c
CLEANFILES += src/attach/embedded.c
endif

PROBE_FILES = \
	probes/aead.bpf.c \
	probes/event.h \
	probes/libraries.bpf.c \
	probes/peer.bpf.c \
	probes/rustls.bpf.c \
	probes/sock.bpf.c \
	probes/tls.bpf.c \
	probes/go.bpf.c \
	probes/builtin/include/asm/page.h \
	probes/builtin/include/linux/bpf_common.h \
	probes/builtin/include/linux/kconfig.h \
	probes/builtin/include/linux/log2.h \
	probes/builtin/include/linux/ptrace.h \
	probes/builtin/include/linux/types.h \
	probes/builtin/include/linux/version.h \
	probes/builtin/include/uapi/linux/bpf.h \
	probes/builtin/include/uapi/linux/if_packet.h
EXTRA_DIST += $(PROBE_FILES) scripts/embed

BUILTIN = $(top_srcdir)/probes/builtin/include
src/attach/embedded.c: $(PROBE_FILES) src/demo/demo.sh scripts/embed src/attach/local.mk
	$(AM_V_GEN)$(MKDIR_P) src/attach && $(SHELL) $(top_srcdir)/scripts/embed attach/embedded.h \
		embedded_event_h=$(top_srcdir)/probes/event.h \
		embedded_tls_bpf_c=$(top_srcdir)/probes/tls.bpf.c \
		embedded_libraries_bpf_c=$(top_srcdir)/probes/libraries.bpf.c \
		embedded_go_bpf_c=$(top_srcdir)/probes/go.bpf.c \
		embedded_peer_bpf_c=$(top_srcdir)/probes/peer.bpf.c \
		embedded_rustls_bpf_c=$(top_srcdir)/probes/rustls.bpf.c \
		embedded_sock_bpf_c=$(top_srcdir)/probes/sock.bpf.c \
		embedded_aead_bpf_c=$(top_srcdir)/probes/aead.bpf.c \
		embedded_demo_sh=$(top_srcdir)/src/demo/demo.sh \
		builtin_asm_page_h=$(BUILTIN)/asm/page.h \
		builtin_linux_bpf_common_h=$(BUILTIN)/linux/bpf_common.h \
		builtin_linux_kconfig_h=$(BUILTIN)/linux/kconfig.h \
		builtin_linux_log2_h=$(BUILTIN)/linux/log2.h \
		builtin_linux_ptrace_h=$(BUILTIN)/linux/ptrace.h \
		builtin_linux_types_h=$(BUILTIN)/linux/types.h \
		builtin_linux_version_h=$(BUILTIN)/linux/version.h \
		builtin_uapi_linux_bpf_h=$(BUILTIN)/uapi/linux/bpf.h \
		builtin_uapi_linux_if_packet_h=$(BUILTIN)/uapi/linux/if_packet.h >$@.tmp && mv $@.tmp $@

check_PROGRAMS += tests/unit/test_catalog
tests_unit_test_catalog_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_unit_test_catalog_LDADD = $(FIND_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_catalog
tests_fuzz_fuzz_catalog_SOURCES = tests/fuzz/fuzz_catalog.c $(FUZZ_MAIN)
tests_fuzz_fuzz_catalog_CPPFLAGS = $(AM_CPPFLAGS) $(LIBELF_CFLAGS)
tests_fuzz_fuzz_catalog_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_catalog_LDADD = $(FIND_LIBS)
EXTRA_DIST += tests/fuzz/corpus/catalog
