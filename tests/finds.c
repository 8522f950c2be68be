/* SPDX-License-Identifier: MIT */
/* What the finders find, for tests that judge them: each line of standard input names a file.
 * Prints of each that is a program or library for this machine: its name, the milliseconds that it
 * took, and "IMPLEMENTATION by METHOD, N places; ...", by tabs. Kills itself over a file that takes
 * too long. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "find/plan.h"

#define SECONDS_MAX 60

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void print_plan(const struct plan *p)
{
	const char *between = "";

	for (size_t i = 0; i < p->nparts; i++) {
		const struct plan_entry *part = &p->parts[i];

		if (part->watch)
			continue;
		printf("%s%s by %s, %zu places%s%s", between, part->implementation, part->method,
		       part->nsites, part->problem ? ": " : "", part->problem ? part->problem : "");
		between = "; ";
	}
	printf("\n");
}

static void look(const char *path)
{
	struct plan plan = { 0 };
	struct image im;
	double begun = now_ms();
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	alarm(SECONDS_MAX);
	if (image_open(&im, fd) == 0) {
		plan_make(&im, &plan);
		printf("%s\t%.0f\t", path, now_ms() - begun);
		print_plan(&plan);
		fflush(stdout);
	}
	image_close(&im);
	plan_done(&plan);
	close(fd);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		line[n - 1] = line[n - 1] == '\n' ? '\0' : line[n - 1];
		look(line);
	}
	free(line);
	return 0;
}
