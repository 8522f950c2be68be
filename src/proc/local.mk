# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/proc/cgroup_dir.c \
	src/proc/cgroup_dir.h
if BPF
libkernel_a_SOURCES += \
	src/proc/containers.c \
	src/proc/containers.h \
	src/proc/fds.c \
	src/proc/fds.h \
	src/proc/identity.c \
	src/proc/identity.h \
	src/proc/list.c \
	src/proc/list.h \
	src/proc/maps.c \
	src/proc/maps.h \
	src/proc/sockets.c \
	src/proc/sockets.h \
	src/proc/sudo.c \
	src/proc/sudo.h \
	src/proc/users.c \
	src/proc/users.h
endif

if BPF
check_PROGRAMS += tests/unit/test_containers
tests_unit_test_containers_LDADD = libkernel.a $(LDADD)
endif
