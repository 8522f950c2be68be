/* SPDX-License-Identifier: MIT */
/* Hooks files, and keeps what is hooked right: what failed is tried again, what was written to or
 * deleted is let go, and what was hooked by a guess is given up when it yields no plaintext. Used
 * by one thread at a time, but for targets_unseen and targets_hooked. */
#ifndef SPY_DISCOVER_TARGETS_H
#define SPY_DISCOVER_TARGETS_H

#include "discover/mailbox.h"
#include "discover/scan_cache.h"
#include "discover/target.h"
#include "report/tls_files.h"
#include "report/unseen.h"

struct targets;
/* Borrows both until targets_free; hooks until targets_stop. */
struct targets *targets_new(struct scan_cache *files, struct links *hooks);
void targets_free(struct targets *ts);
/* All is being detached. */
void targets_stop(struct targets *ts);
/* While it is set, nothing is hooked: what hooking will take is compiled. */
void targets_set_ahead(struct targets *ts, bool ahead);

/* Hooks what a file holds. name: for people; named: by the user. */
void targets_look_at(struct targets *ts, const char *path, const char *name, bool named);
/* What a process has mapped. */
void targets_look_at_process(struct targets *ts, pid_t pid);
/* Of that, what takes no search; also while another file is searched. A look at all has to
 * follow. */
void targets_hook_known(struct targets *ts, pid_t pid);
/* Whether it maps TLS that is hooked, as of the last look at it. */
bool targets_watch(const struct targets *ts, pid_t pid);
/* When the last of the TLS was hooked that it maps, as of the last look at it; 0: none is. */
uint64_t targets_hooked_ns(const struct targets *ts, pid_t pid);
/* Whether a file of this name is hooked and has TLS. */
bool targets_have(const struct targets *ts, const char *name);
/* Whether a file of this name has TLS and could not be hooked. */
bool targets_lack(const struct targets *ts, const char *name);
/* Each process that does. */
void targets_each_watched(const struct targets *ts, void (*fn)(void *arg, pid_t pid), void *arg);
/* Has loaded what files need that were searched before, whoever runs them. */
void targets_expect_known(struct targets *ts);
/* Whether nothing of what a process has mapped is still to be searched or hooked. */
bool targets_settled(struct targets *ts, pid_t pid);
bool targets_would_wait(struct targets *ts, const char *path);
/* From now on compilers are not waited for: what lacks probes is hooked when it is looked at again
 * and they are there. */
void targets_do_not_wait(struct targets *ts);
/* Whether any such file was looked at since this was asked last. */
bool targets_take_waiting(struct targets *ts);
/* What has become of hooked files. */
void targets_look_after(struct targets *ts, uint64_t now_ns);
/* Whether all is to be looked at anew, since something that failed is due; asked once. */
bool targets_take_retry(struct targets *ts, uint64_t now_ns);
/* How connections of a process looked. */
void targets_verdict(struct targets *ts, const struct verdict *v);

const struct target_list *targets_list(const struct targets *ts);
/* Files that were given up, added to ret. */
void targets_unseen(struct targets *ts, struct unseen *ret);
/* Files that were hooked, likewise, in whatever thread. */
void targets_hooked(struct targets *ts, struct tls_files *ret);

#endif
