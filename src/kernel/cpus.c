/* SPDX-License-Identifier: MIT */
/* Reads lists of processors such as "0-3,8" from sysfs. */
#include "kernel/cpus.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define CPUS_MAX 8192

static size_t read_list(const char *path, int **ret)
{
	FILE *f = fopen(path, "re");
	int *list = NULL;
	size_t n = 0;
	int from, to, c = ',';

	while (f && c == ',' && fscanf(f, "%d", &from) == 1) {
		to = from;
		c = fgetc(f);
		if (c == '-' && fscanf(f, "%d", &to) == 1)
			c = fgetc(f);
		for (int cpu = from; cpu <= to && cpu >= 0 && n < CPUS_MAX; cpu++) {
			list = xgrow(list, n, sizeof(*list));
			list[n++] = cpu;
		}
	}
	if (f)
		fclose(f);
	if (n == 0) {
		list = xgrow(list, n, sizeof(*list));
		n = 1;
	}
	*ret = list;
	return n;
}

size_t cpus_online(int **ret)
{
	return read_list("/sys/devices/system/cpu/online", ret);
}

size_t cpus_possible(void)
{
	int *list;
	size_t n = read_list("/sys/devices/system/cpu/possible", &list);

	n = (size_t)list[n - 1] + 1;
	free(list);
	return n;
}
