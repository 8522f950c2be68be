/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The fixed-size types that the probe and libbcc's own helper header use. */
#ifndef SPY_BUILTIN_TYPES_H
#define SPY_BUILTIN_TYPES_H
#define SPY_INT(bits, word)                     \
	typedef signed word __s##bits;          \
	typedef signed word s##bits;            \
	typedef signed word int##bits##_t;      \
	typedef unsigned word __u##bits;        \
	typedef unsigned word u##bits;          \
	typedef unsigned word uint##bits##_t;   \
	typedef unsigned word __be##bits;       \
	typedef unsigned word __le##bits;
SPY_INT(8, char)
SPY_INT(16, short)
SPY_INT(32, int)
SPY_INT(64, long long)
#undef SPY_INT
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef unsigned long size_t, uintptr_t;
typedef long ssize_t;
typedef int pid_t;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)
#define __always_inline inline __attribute__((always_inline))
#define __maybe_unused __attribute__((unused))
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#endif
