/* SPDX-License-Identifier: MIT */
/* Threads that stand and go: whenever they are let go, they are not traced any more and run on. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hold/stops.h"
#include "tests/unit/tap.h"

#define ROUNDS 400
#define EXECS  20
/* To be gone; a host that does much else may take its time. */
#define LONG_S 20

static volatile int *shared; /* counts, while the child runs; [1]: the number of a thread of it */

static pid_t tracer_of(pid_t tid)
{
	char path[64], line[256];
	int tracer = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	if (f)
		fclose(f);
	return tracer;
}

/* False: some are left after a long time. */
static bool all_gone(struct stops *s)
{
	time_t end = time(NULL) + LONG_S;

	while (stops_service(s, 1) >= 0)
		if (time(NULL) > end)
			return false;
	return true;
}

static void count_up(void)
{
	for (;;) {
		shared[0]++;
		getppid();
	}
}

static pid_t begin(void (*what)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(0);
	}
	return pid;
}

static bool runs_on(void)
{
	int before = shared[0];
	time_t end = time(NULL) + LONG_S;

	while (shared[0] == before && time(NULL) <= end)
		usleep(100);
	return shared[0] != before;
}

static void test_rounds(void)
{
	pid_t pid = begin(count_up);
	struct stops s = { .count = 0 };
	int left = 0, traced = 0;

	for (int i = 0; i < ROUNDS && !left && !traced; i++) {
		stops_begin(&s, pid, pid, UINT64_MAX);
		stops_end(&s, pid);
		left += !all_gone(&s);
		traced += tracer_of(pid) != 0;
	}
	ok(!left, "a process that is to go is let go");
	ok(!traced, "and not traced any more, however early it is let go");
	ok(runs_on(), "it runs on");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_killed(void)
{
	pid_t pid = begin(count_up);
	struct stops s = { .count = 0 };

	stops_begin(&s, pid, pid, UINT64_MAX);
	kill(pid, SIGKILL);
	stops_end(&s, pid);
	ok(all_gone(&s), "one that was killed is forgotten");
	waitpid(pid, NULL, 0);
}

/* ---- a thread that begins a program ---- */

static void *become_another(void *arg)
{
	static char name[] = "/bin/sleep", seconds[] = "100";
	char *argv[] = { name, seconds, NULL };

	shared[1] = (int)syscall(SYS_gettid);
	while (!shared[2])
		;
	execv(argv[0], argv);
	return NULL;
}

static void with_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, become_another, NULL);
	pthread_join(t, NULL);
}

/* False: its process stands, or is traced. */
static bool is_let_go(int wait_us)
{
	struct stops s = { .count = 0 };
	pid_t pid, tid;
	bool gone;

	shared[1] = shared[2] = 0;
	pid = begin(with_thread);
	while (!shared[1])
		usleep(100);
	tid = shared[1];
	shared[2] = 1;
	usleep((useconds_t)wait_us);
	stops_begin(&s, pid, tid, UINT64_MAX);
	stops_end(&s, tid);
	gone = all_gone(&s) && tracer_of(pid) == 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return gone;
}

static void test_thread(void)
{
	int left = 0;

	for (int i = 0; i < EXECS; i++)
		left += !is_let_go(i % 20 * 25);
	ok(!left, "a thread that begins a program meanwhile is let go: %d are not", left);
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_rounds();
	test_killed();
	test_thread();
	return tap_done();
}
