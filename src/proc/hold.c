/* SPDX-License-Identifier: MIT */
#include "proc/hold.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

/* Of PTRACE_EVENT_STOP, which headers define in more than one way. */
#define EVENT_STOP 128

bool hold_begin(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return false;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	return true;
}

/* Whether it stands; with a signal that it was about to get, else 0. */
static bool is_held(pid_t pid, long *ret_signal)
{
	siginfo_t s = { 0 };
	long err = ptrace(PTRACE_GETSIGINFO, pid, NULL, &s);

	*ret_signal = err == 0 && s.si_code >> 8 != EVENT_STOP ? s.si_signo : 0;
	return err == 0 || errno == EINVAL; /* stopped by a signal of job control */
}

/* It was killed meanwhile: whoever waits for children of the tracer takes it from here. */
static bool has_ended(pid_t pid)
{
	siginfo_t s = { 0 };

	/* That it stands by now is reported as well. */
	return waitid(P_PID, (id_t)pid, &s, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 ||
	       (s.si_pid && s.si_code != CLD_TRAPPED && s.si_code != CLD_STOPPED);
}

void hold_end(pid_t pid)
{
	long sig;

	/* It stops when it comes out of the kernel, at once in most cases. */
	while (!is_held(pid, &sig)) {
		if (has_ended(pid))
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	ptrace(PTRACE_DETACH, pid, NULL, sig);
}
