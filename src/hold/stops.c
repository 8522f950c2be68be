/* SPDX-License-Identifier: MIT */
#include "hold/stops.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* Of PTRACE_EVENT_STOP, which headers define in more than one way. */
#define EVENT_STOP 128
/* When one that is to go, but does not stand yet, is looked at again. */
#define AGAIN_MS 1

void stops_begin(struct stops *s, pid_t pid, pid_t tid, uint64_t until_ns)
{
	if (s->count == STOPS_MAX || ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
		return;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	s->items[s->count++] = (struct stop){ .pid = pid, .tid = tid, .until_ns = until_ns };
}

void stops_end(struct stops *s, pid_t tid)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].tid == tid)
			s->items[i].until_ns = 0;
}

/* Whether it stands; with a signal that it was about to get, else 0. */
static bool stands(pid_t tid, long *ret_signal)
{
	siginfo_t s = { 0 };
	long err = ptrace(PTRACE_GETSIGINFO, tid, NULL, &s);

	*ret_signal = err == 0 && s.si_code >> 8 != EVENT_STOP ? s.si_signo : 0;
	return err == 0 || errno == EINVAL; /* stopped by a signal of job control */
}

/* It was killed meanwhile. Its parent is told only when we have taken note of it. We are told too
 * that it stands, which may have come about since it was asked. */
static bool has_ended(struct stop *one)
{
	siginfo_t s = { 0 };

	if (waitid(P_PID, (id_t)one->tid, &s, WEXITED | WNOHANG | __WALL) == 0)
		return s.si_pid && (s.si_code == CLD_EXITED || s.si_code == CLD_KILLED ||
				    s.si_code == CLD_DUMPED);
	/* A thread that begins a program gets the number of its process. */
	if (one->tid == one->pid)
		return true;
	one->tid = one->pid;
	return ptrace(PTRACE_INTERRUPT, one->pid, NULL, NULL) != 0;
}

/* It stops when it comes out of the kernel, at once in most cases. */
static bool has_gone(struct stop *one)
{
	long sig;

	if (!stands(one->tid, &sig))
		return has_ended(one);
	return ptrace(PTRACE_DETACH, one->tid, NULL, sig) == 0;
}

int stops_service(struct stops *s, uint64_t now_ns)
{
	uint64_t first = UINT64_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct stop one = s->items[i];

		if (one.until_ns <= now_ns && has_gone(&one))
			continue;
		s->items[kept++] = one;
		if (one.until_ns < first)
			first = one.until_ns;
	}
	s->count = kept;
	if (!kept)
		return -1;
	return first <= now_ns ? AGAIN_MS : (int)((first - now_ns) / 1000000 + 1);
}
