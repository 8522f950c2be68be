dnl SPDX-License-Identifier: MIT

dnl SPY_PKG(VARIABLE, MODULES, DEBIAN-PACKAGE): a required library, or an error that says what
dnl to install.
AC_DEFUN([SPY_PKG], [PKG_CHECK_MODULES([$1], [$2], [],
	[AC_MSG_ERROR([$2 was not found. On Debian or Ubuntu: apt install $3
(scripts/quickstart installs all that is needed)])])])

dnl SPY_OPTIONAL(VARIABLE, MODULES, DEBIAN-PACKAGE, IF-FOUND): a library that adds a feature.
AC_DEFUN([SPY_OPTIONAL], [PKG_CHECK_MODULES([$1], [$2],
	[AC_DEFINE([HAVE_$1], [1], [Define to 1 to use $2.]) $4],
	[spy_missing="$spy_missing
                        (apt install $3 and configure again for more)"])])

dnl SPY_SONAME(VARIABLE, MODULE, NAME, MAJOR): by which file name a library that only some runs need is
dnl loaded at run time: that of the one that was found, else with the usual number.
AC_DEFUN([SPY_SONAME], [
	spy_file="`$PKG_CONFIG --variable=libdir $2`/$3.so"
	spy_soname="`readlink "$spy_file" | sed -n 's,.*/,,; s/\(\.so\.@<:@0-9@:>@*\).*/\1/p'`"
	AC_DEFINE_UNQUOTED([$1_SONAME], ["${spy_soname:-$3.so.$4}"], [File name of $3, loaded at run time.])
])

dnl Hardening flags that the compiler and linker understand.
AC_DEFUN([SPY_HARDENING], [
	for spy_flag in -fstack-protector-strong -fPIE; do
		AC_MSG_CHECKING([whether $CC accepts $spy_flag])
		spy_save="$CFLAGS"; CFLAGS="$CFLAGS $spy_flag -Werror"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); SPY_CFLAGS="$SPY_CFLAGS $spy_flag"],
			[AC_MSG_RESULT([no])])
		CFLAGS="$spy_save"
	done
	SPY_LDFLAGS="$SPY_LDFLAGS -pie -Wl,-z,relro,-z,now"
])

AC_DEFUN([SPY_TRY_LINK_FUZZER], [
	AC_MSG_CHECKING([whether $CC links with -fsanitize=fuzzer])
	spy_save="$CFLAGS"; CFLAGS="$CFLAGS -fsanitize=fuzzer"
	AC_LINK_IFELSE([AC_LANG_SOURCE([
		#include <stddef.h>
		int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
		int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { return p && n > 9999; }])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([--enable-fuzzer needs clang and its runtime. On Debian 12: apt install clang libclang-rt-14-dev, then ./configure CC=clang --enable-fuzzer])])
	CFLAGS="$spy_save"
])

dnl libbcc is loaded at run time by a child process only (src/attach/compile.c), so nothing links
dnl with it; here we make sure that headers and library are there and fit together.
AC_DEFUN([SPY_LIBBCC], [
	PKG_CHECK_MODULES([LIBBCC], [libbcc], [],
		[AC_MSG_ERROR([libbcc was not found. On Debian or Ubuntu: apt install libbpfcc-dev,
or configure with --disable-bpf for a program that only replays recordings])])
	spy_save_libs="$LIBS" spy_save_cflags="$CFLAGS"
	LIBS="$LIBBCC_LIBS $LIBS" CFLAGS="$LIBBCC_CFLAGS $CFLAGS"
	AC_MSG_CHECKING([whether libbcc works as expected])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([#include <bcc/bcc_common.h>],
		[void *m = bpf_module_create_c_from_string("", 0, 0, 0, true, 0);
		 return m && bpf_function_start(m, "f") && bpf_function_size(m, "f") && bpf_table_fd(m, "t");])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([libbcc lacks a function that llm-spy calls; 0.18 or later is needed])])
	LIBS="$spy_save_libs" CFLAGS="$spy_save_cflags"
	AC_DEFINE([HAVE_BPF], [1], [Define to 1 to build live tracing.])
	spy_bcc_note=" (libbcc `$PKG_CONFIG --modversion libbcc`)"
])

dnl SPY_COMPLETIONS(SHELL, DIRECTORY): where make install puts what completes our options in SHELL.
AC_DEFUN([SPY_COMPLETIONS], [
	AC_ARG_WITH([$1-completions], [AS_HELP_STRING([--with-$1-completions=DIR],
		[where completions for $1 are installed @<:@$2@:>@])], [$1completiondir="$withval"],
		[$1completiondir='$2'])
	AS_IF([test "x$$1completiondir" = xno || test "x$$1completiondir" = xyes],
		[AC_MSG_ERROR([--with-$1-completions needs a directory])])
	AC_SUBST([$1completiondir])
])

dnl SPY_SYSTEMD(DIRECTORY): where make install puts the unit of llm-spy daemon.
AC_DEFUN([SPY_SYSTEMD], [
	AC_ARG_WITH([systemd-units], [AS_HELP_STRING([--with-systemd-units=DIR],
		[where the systemd unit is installed @<:@$1@:>@])], [systemdunitdir="$withval"],
		[systemdunitdir='$1'])
	AS_IF([test "x$systemdunitdir" = xno || test "x$systemdunitdir" = xyes],
		[AC_MSG_ERROR([--with-systemd-units needs a directory])])
	AC_SUBST([systemdunitdir])
])
