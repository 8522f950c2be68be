/* SPDX-License-Identifier: MIT */
#include "proc/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "proc/list.h"
#include "proc/maps.h"

#define PORT	    443
#define ESTABLISHED 1 /* of a UDP socket: connected */
/* getaddrinfo(3) connects UDP sockets for some microseconds to find the source address. */
#define LASTING_NS 20000000

struct sock {
	unsigned long inode;
	bool udp;
	char peer[64];
};

struct socks {
	struct sock *items;
	size_t count;
};

/* An address as the kernel prints it: 32-bit words in host byte order. */
static void peer_text(const char *hex, unsigned port, char *ret, size_t size)
{
	size_t words = strlen(hex) / 8;
	char text[INET6_ADDRSTRLEN] = "?";
	uint32_t address[4] = { 0 };

	for (size_t i = 0; i < words && i < 4; i++) {
		unsigned word = 0;

		sscanf(hex + 8 * i, "%8x", &word);
		address[i] = word;
	}
	inet_ntop(words == 4 ? AF_INET6 : AF_INET, address, text, sizeof(text));
	snprintf(ret, size, words == 4 ? "[%s]:%u" : "%s:%u", text, port);
}

static void read_table(struct socks *s, pid_t pid, const char *name, bool udp)
{
	char path[64], line[512], hex[33];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned port = 0, state = 0;
		unsigned long inode = 0;

		/* number: local remote state queues timer retransmits uid timeout inode */
		if (sscanf(line, " %*u: %*32[0-9A-F]:%*x %32[0-9A-F]:%x %x %*s %*s %*s %*u %*u %lu",
			   hex, &port, &state, &inode) != 4 ||
		    port != PORT || state != ESTABLISHED || !inode)
			continue;
		s->items = xgrow(s->items, s->count, sizeof(*s->items));
		s->items[s->count].inode = inode;
		s->items[s->count].udp = udp;
		peer_text(hex, port, s->items[s->count++].peer, sizeof(s->items->peer));
	}
	if (f)
		fclose(f);
}

static int by_inode(const void *a, const void *b)
{
	const struct sock *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* A table belongs to a network namespace, so each is read once, through one of its processes. */
static pid_t *one_of_each(const pid_t *pids, size_t npids, size_t *ret_count)
{
	pid_t *one = NULL;
	ino_t *seen = NULL;
	size_t count = 0;

	for (size_t i = 0; i < npids; i++) {
		char path[64];
		struct stat st;
		size_t n = 0;

		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pids[i]);
		if (stat(path, &st) != 0)
			continue;
		while (n < count && seen[n] != st.st_ino)
			n++;
		if (n < count)
			continue;
		seen = xgrow(seen, count, sizeof(*seen));
		one = xgrow(one, count, sizeof(*one));
		seen[count] = st.st_ino;
		one[count++] = pids[i];
	}
	free(seen);
	*ret_count = count;
	return one;
}

static void sort(struct socks *s)
{
	if (s->count)
		qsort(s->items, s->count, sizeof(*s->items), by_inode);
}

static void read_udp(struct socks *s, const pid_t *pids, size_t npids)
{
	*s = (struct socks){ 0 };
	for (size_t i = 0; i < npids; i++) {
		read_table(s, pids[i], "udp", true);
		read_table(s, pids[i], "udp6", true);
	}
	sort(s);
}

/* Keeps sockets that were there in both reads. */
static void add_lasting_udp(struct socks *s, const pid_t *pids, size_t npids)
{
	struct socks first, second;

	read_udp(&first, pids, npids);
	if (!first.count)
		return;
	nanosleep(&(struct timespec){ .tv_nsec = LASTING_NS }, NULL);
	read_udp(&second, pids, npids);
	for (size_t i = 0; i < second.count; i++)
		if (bsearch(&second.items[i], first.items, first.count, sizeof(*first.items),
			    by_inode)) {
			s->items = xgrow(s->items, s->count, sizeof(*s->items));
			s->items[s->count++] = second.items[i];
		}
	free(first.items);
	free(second.items);
}

static void read_sockets(struct socks *s, const pid_t *pids, size_t npids)
{
	size_t n;
	pid_t *one = one_of_each(pids, npids, &n);

	for (size_t i = 0; i < n; i++) {
		read_table(s, one[i], "tcp", false);
		read_table(s, one[i], "tcp6", false);
	}
	add_lasting_udp(s, one, n);
	sort(s);
	free(one);
}

static struct sockets_row *find(const struct sockets *c, pid_t pid)
{
	/* From the end, because a scan adds sockets process by process. */
	for (size_t i = c->count; i > 0; i--)
		if (c->rows[i - 1].pid == pid)
			return &c->rows[i - 1];
	return NULL;
}

void sockets_add(struct sockets *c, pid_t pid, bool udp, const char *peer)
{
	struct sockets_row *row = find(c, pid);

	if (!row) {
		c->rows = xgrow(c->rows, c->count, sizeof(*c->rows));
		row = &c->rows[c->count++];
		row->pid = pid;
		snprintf(row->peer, sizeof(row->peer), "%s", peer);
	}
	row->count += !udp;
	row->udp += udp;
}

void sockets_forget(struct sockets *c, pid_t pid)
{
	struct sockets_row *row = find(c, pid);

	if (row)
		*row = c->rows[--c->count];
}

static void read_descriptors(struct sockets *c, const struct socks *s, pid_t pid)
{
	char path[300], link[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		struct sock key = { 0 }, *found;
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, e->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		if (sscanf(link, "socket:[%lu]", &key.inode) != 1)
			continue;
		found = bsearch(&key, s->items, s->count, sizeof(key), by_inode);
		if (found)
			sockets_add(c, pid, found->udp, found->peer);
	}
	if (d)
		closedir(d);
}

void sockets_scan(struct sockets *ret)
{
	struct socks s = { 0 };
	pid_t *pids;
	size_t n = proc_list(&pids);

	*ret = (struct sockets){ 0 };
	read_sockets(&s, pids, n);
	for (size_t i = 0; i < n && s.count; i++)
		read_descriptors(ret, &s, pids[i]);
	free(s.items);
	free(pids);
}

void sockets_done(struct sockets *c)
{
	free(c->rows);
	*c = (struct sockets){ 0 };
}

const struct sockets_row *sockets_of(const struct sockets *c, pid_t pid)
{
	return find(c, pid);
}
