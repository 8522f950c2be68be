# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/probe/bytecode.c \
	src/probe/bytecode.h

check_PROGRAMS += tests/unit/test_bytecode

check_PROGRAMS += tests/fuzz/fuzz_bytecode
tests_fuzz_fuzz_bytecode_SOURCES = tests/fuzz/fuzz_bytecode.c $(FUZZ_MAIN)
tests_fuzz_fuzz_bytecode_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/bytecode

if BPF
libkernel_a_SOURCES += \
	src/probe/builtin_headers.c \
	src/probe/builtin_headers.h \
	src/probe/bytecode_key.c \
	src/probe/bytecode_key.h \
	src/probe/bytecode_load.c \
	src/probe/bytecode_load.h \
	src/probe/bytecode_store.c \
	src/probe/bytecode_store.h \
	src/probe/compile.c \
	src/probe/compile.h \
	src/probe/compiler.c \
	src/probe/compiler.h \
	src/probe/embedded.h \
	src/probe/kernel_filter.c \
	src/probe/kernel_filter.h \
	src/probe/kernel_headers.c \
	src/probe/kernel_headers.h \
	src/probe/links.c \
	src/probe/links.h \
	src/probe/preamble.c \
	src/probe/preamble.h \
	src/probe/redirect.c \
	src/probe/redirect.h \
	src/probe/redirect_code.c \
	src/probe/redirect_code.h \
	src/probe/source.c \
	src/probe/source.h \
	src/probe/kernel_offsets.c \
	src/probe/kernel_offsets.h
nodist_libkernel_a_SOURCES = src/probe/embedded.c
BUILT_SOURCES += src/probe/embedded.c
CLEANFILES += src/probe/embedded.c
endif

PROBE_FILES = \
	probes/aead.bpf.c \
	probes/base.bpf.c \
	probes/erlang.bpf.c \
	probes/event.h \
	probes/libraries.bpf.c \
	probes/list.bpf.c \
	probes/notice.bpf.c \
	probes/peer.bpf.c \
	probes/process.bpf.c \
	probes/programs.def \
	probes/programs.h \
	probes/record.bpf.c \
	probes/rustls.bpf.c \
	probes/sealed.bpf.c \
	probes/send.bpf.c \
	probes/sock.bpf.c \
	probes/stdio.bpf.c \
	probes/syscall.bpf.c \
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
src/probe/embedded.c: $(PROBE_FILES) src/demo/demo.sh src/demo/agent.py scripts/embed src/probe/local.mk
	$(AM_V_GEN)$(MKDIR_P) src/probe && $(SHELL) $(top_srcdir)/scripts/embed probe/embedded.h \
		embedded_event_h=$(top_srcdir)/probes/event.h \
		embedded_base_bpf_c=$(top_srcdir)/probes/base.bpf.c \
		embedded_send_bpf_c=$(top_srcdir)/probes/send.bpf.c \
		embedded_tls_bpf_c=$(top_srcdir)/probes/tls.bpf.c \
		embedded_process_bpf_c=$(top_srcdir)/probes/process.bpf.c \
		embedded_libraries_bpf_c=$(top_srcdir)/probes/libraries.bpf.c \
		embedded_go_bpf_c=$(top_srcdir)/probes/go.bpf.c \
		embedded_list_bpf_c=$(top_srcdir)/probes/list.bpf.c \
		embedded_peer_bpf_c=$(top_srcdir)/probes/peer.bpf.c \
		embedded_syscall_bpf_c=$(top_srcdir)/probes/syscall.bpf.c \
		embedded_notice_bpf_c=$(top_srcdir)/probes/notice.bpf.c \
		embedded_rustls_bpf_c=$(top_srcdir)/probes/rustls.bpf.c \
		embedded_record_bpf_c=$(top_srcdir)/probes/record.bpf.c \
		embedded_erlang_bpf_c=$(top_srcdir)/probes/erlang.bpf.c \
		embedded_sealed_bpf_c=$(top_srcdir)/probes/sealed.bpf.c \
		embedded_sock_bpf_c=$(top_srcdir)/probes/sock.bpf.c \
		embedded_aead_bpf_c=$(top_srcdir)/probes/aead.bpf.c \
		embedded_stdio_bpf_c=$(top_srcdir)/probes/stdio.bpf.c \
		embedded_agent_py=$(top_srcdir)/src/demo/agent.py \
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
