/* SPDX-License-Identifier: MIT */
/* Hooks the probe's programs into targets, and takes them out again. */
#ifndef SPY_PROBE_LINKS_H
#define SPY_PROBE_LINKS_H

#include "find/plan.h"
#include "probe/compile.h"

struct links; /* what is attached */

/* What of one file is attached. */
struct attachment {
	const char *name;    /* the file's, for messages; borrowed */
	size_t first, count; /* its descriptors in struct links */
	size_t probes;	     /* how many were attached */
	bool hooked;
	bool unfinished; /* what is not hooked in it may be later */
	bool waiting;	 /* for programs that are being compiled: the same, but soon */
	char *problem;	 /* why it is not, or not as a whole; NULL. The owner frees it */
};

/* pids: attach for these processes only, so that all others run at full speed; none: for all.
 * multi: the probe's programs were loaded for it. */
struct links *links_new(struct probe *p, bool multi, const pid_t *pids, size_t npids);
/* Has the programs that a plan needs compiled, and does not wait for them. */
void links_prepare(struct links *h, const struct plan *plan);
/* The same for a plan that may be needed (probe_expect). */
void links_expect(struct links *h, const struct plan *plan);
/* probe_prefetch of those programs that no plan has needed yet. */
bool links_prefetch(struct links *h);
/* The same as links_prepare; whether links_attach() would not wait for any. */
bool links_are_ready(struct links *h, const struct plan *plan);
/* Whether links_attach waits for programs that are still to be compiled, which it does at first. */
void links_set_patient(struct links *h, bool patient);
/* Hooks one file by its plan; fd is the file. Waits for programs that are still to be compiled,
 * after what is ready was attached, or leaves them out for now; an implementation whose programs
 * cannot be had is left out, and the file hooked anew when it is called again and they can. On
 * failure nothing of it is attached.
 */
int links_attach(struct links *h, struct attachment *a, int fd, const struct plan *plan);
void links_detach(struct links *h, struct attachment *a);
/* The raw tracepoint that tells of programs that start. -errno where it is refused. */
int links_attach_exec(struct links *h);
/* The raw tracepoints on sockets, as the probe was made for them: who connects; which sockets
 * connections use; plaintext. -errno: some of them are refused, and *ret_name says which first. */
int links_attach_sock(struct links *h, const char **ret_name);
/* The raw tracepoints that follow the command's tree. */
int links_attach_tree(struct links *h, struct error *reterr);
/* Detaches all. Stops the probes at once, then closes: that takes the kernel some 0.1 s each,
 * so it is done in parallel. Accepts NULL. */
void links_free(struct links *h);

#endif
