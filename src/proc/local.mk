# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/proc/port_holder.c \
	src/proc/port_holder.h
if BPF
llm_spy_SOURCES += \
	src/proc/own_cgroup.c \
	src/proc/own_cgroup.h
endif
# In libkernel.a otherwise.
if !BPF
llm_spy_SOURCES += \
	src/proc/cgroup_dir.c \
	src/proc/cgroup_dir.h \
	src/proc/list.c \
	src/proc/list.h
endif
if BPF
libkernel_a_SOURCES += \
	src/proc/cgroup_dir.c \
	src/proc/cgroup_dir.h \
	src/proc/containers.c \
	src/proc/containers.h \
	src/proc/dialed.c \
	src/proc/dialed.h \
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
check_PROGRAMS += tests/unit/test_containers tests/unit/test_dialed
tests_unit_test_containers_LDADD = libkernel.a $(LDADD)
tests_unit_test_dialed_LDADD = libkernel.a $(LDADD)
endif
