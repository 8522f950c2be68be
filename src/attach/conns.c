/* SPDX-License-Identifier: MIT */
#include "attach/conns.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/maps.h"
#include "base/xalloc.h"

#define PORT	    443
#define ESTABLISHED 1

struct sock {
	unsigned long inode;
	char peer[64];
};

struct socks {
	struct sock *items;
	size_t count;
};

/* An address as the kernel prints it: words of 32 bits in the host's order. */
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

static void read_table(struct socks *s, pid_t pid, const char *name)
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

/* The tables are those of a namespace: each is read once, through one of its processes. */
static void read_sockets(struct socks *s, const pid_t *pids, size_t npids)
{
	ino_t *seen = NULL;
	size_t nseen = 0;

	for (size_t i = 0; i < npids; i++) {
		char path[64];
		struct stat st;
		size_t n = 0;

		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pids[i]);
		if (stat(path, &st) != 0)
			continue;
		while (n < nseen && seen[n] != st.st_ino)
			n++;
		if (n < nseen)
			continue;
		seen = xgrow(seen, nseen, sizeof(*seen));
		seen[nseen++] = st.st_ino;
		read_table(s, pids[i], "tcp");
		read_table(s, pids[i], "tcp6");
	}
	free(seen);
	if (s->count)
		qsort(s->items, s->count, sizeof(*s->items), by_inode);
}

static void add(struct conns *c, pid_t pid, const struct sock *s)
{
	struct conns_row *last = c->count ? &c->rows[c->count - 1] : NULL;

	if (!last || last->pid != pid) {
		c->rows = xgrow(c->rows, c->count, sizeof(*c->rows));
		last = &c->rows[c->count++];
		last->pid = pid;
		memcpy(last->peer, s->peer, sizeof(last->peer));
	}
	last->count++;
}

static void read_descriptors(struct conns *c, const struct socks *s, pid_t pid)
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
			add(c, pid, found);
	}
	if (d)
		closedir(d);
}

void conns_scan(struct conns *ret)
{
	struct socks s = { 0 };
	pid_t *pids;
	size_t n = maps_processes(&pids);

	*ret = (struct conns){ 0 };
	read_sockets(&s, pids, n);
	for (size_t i = 0; i < n && s.count; i++)
		read_descriptors(ret, &s, pids[i]);
	free(s.items);
	free(pids);
}

void conns_done(struct conns *c)
{
	free(c->rows);
	*c = (struct conns){ 0 };
}

const struct conns_row *conns_of(const struct conns *c, pid_t pid)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].pid == pid)
			return &c->rows[i];
	return NULL;
}
