/* SPDX-License-Identifier: MIT */
/* Connections of pipes and Unix sockets: two files, one each way, of an agent and its server. What
 * is written to either comes out as the agent's. */
#ifndef SPY_SOURCE_STDIO_LINK_H
#define SPY_SOURCE_STDIO_LINK_H

#include "source/stdio.h"
#include "source/stdio_file.h"

/* Two files of one connection. */
struct link {
	struct list of_all;
	bool http;	   /* of a Unix socket: id is of the client */
	struct conn_id id; /* of the agent */
	struct end server; /* process 0: not known */
	uint32_t child;	   /* of the agent: the server, or what it descends from; 0: not known */
	uint32_t told;	   /* which server was told */
	struct file *file[2];
	uint64_t totals[2];
	struct chunk agent; /* thread, user and cgroup of what the agent wrote last */
};

struct links {
	struct stdio_out out;
	struct list all; /* the latest first */
	size_t count;
	struct files *files;
};

void links_init(struct links *s, const struct stdio_out *out, struct files *files);
void links_done(struct links *s);
/* Of a process that has written to this file. The oldest of too many is closed. */
struct link *link_add(struct links *s, const struct file *f, uint32_t agent);
/* Its files are freed with it. */
void link_free(struct links *s, struct link *l);
int link_close(struct links *s, struct link *l, uint64_t ts_ns);
void link_take(struct link *l, struct file *f, enum dir d);
/* Gives the file to the connection that it is of, as its ends tell; where the kernel has not told
 * them, /proc is asked. */
void link_join(struct links *s, struct file *f);
void link_set_server(struct link *l, const struct end *e);
/* The server has ended. Whether its part has been taken over: started again by who started it
 * before, or left to a child. */
bool link_goes_on(struct link *l);

/* Of a file that has a link. */
int link_emit(struct links *s, struct file *f, const struct chunk *c);
int link_emit_held(struct links *s, struct file *f);

#endif
