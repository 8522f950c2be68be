/* SPDX-License-Identifier: MIT */
#include "base/urgent.h"

#include <link.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE -10
/* What is done at a time takes less. The kernel's least is 0.1 ms. */
#define SLICE_NS 100000

/* As sched_setattr(2) has it; glibc has neither, and the kernel's header does not go with glibc's.
 */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

void urgent_slices(void)
{
	struct attributes a = { 0 };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) != 0 || a.policy != SCHED_OTHER)
		return;
	a.runtime = SLICE_NS;
	syscall(SYS_sched_setattr, 0, &a, 0);
}

void urgent_thread(void)
{
	setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
	urgent_slices();
}

static bool is_in(const struct dl_phdr_info *o, uintptr_t code)
{
	for (size_t i = 0; i < o->dlpi_phnum; i++)
		if (o->dlpi_phdr[i].p_type == PT_LOAD &&
		    code - (o->dlpi_addr + o->dlpi_phdr[i].p_vaddr) < o->dlpi_phdr[i].p_memsz)
			return true;
	return false;
}

static int lock_code(struct dl_phdr_info *o, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (!is_in(o, (uintptr_t)urgent_stay) && !is_in(o, (uintptr_t)poll))
		return 0;
	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &o->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			syscall(SYS_mlock, o->dlpi_addr + p->p_vaddr, p->p_memsz);
	}
	return 0;
}

/* All at once would be 19 MB: each library whole, and tables of which nothing is used. */
void urgent_stay(void)
{
	mlockall(MCL_CURRENT | MCL_ONFAULT);
	dl_iterate_phdr(lock_code, NULL);
}
