# SPDX-License-Identifier: MIT
if BPF
libkernel_a_SOURCES += \
	src/kernel/bpf.c \
	src/kernel/bpf.h \
	src/kernel/btf.c \
	src/kernel/btf.h \
	src/kernel/cpus.c \
	src/kernel/cpus.h \
	src/kernel/features.c \
	src/kernel/features.h \
	src/kernel/helper_process.c \
	src/kernel/helper_process.h
else
llm_spy_SOURCES += \
	src/kernel/helper_process.c \
	src/kernel/helper_process.h
endif

if BPF
check_PROGRAMS += tests/unit/test_btf
tests_unit_test_btf_LDADD = libkernel.a $(LDADD)
endif
