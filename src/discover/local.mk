# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/discover/class_votes.c \
	src/discover/class_votes.h

check_PROGRAMS += tests/unit/test_class_votes

if BPF
libkernel_a_SOURCES += \
	src/discover/blind.c \
	src/discover/blind.h \
	src/discover/coverage.c \
	src/discover/coverage.h \
	src/discover/discover.c \
	src/discover/discover.h \
	src/discover/install_paths.c \
	src/discover/install_paths.def \
	src/discover/install_paths.h \
	src/discover/mailbox.c \
	src/discover/mailbox.h \
	src/discover/newcomers.c \
	src/discover/newcomers.h \
	src/discover/npm_package.c \
	src/discover/npm_package.h \
	src/discover/scan_cache.c \
	src/discover/scan_cache.h \
	src/discover/scanner.c \
	src/discover/scanner.h \
	src/discover/target.c \
	src/discover/target.h \
	src/discover/targets.c \
	src/discover/targets.h \
	src/discover/verdict.c \
	src/discover/verdict.h \
	src/discover/watched.c \
	src/discover/watched.h
endif
