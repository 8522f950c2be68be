/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "cli/kept.h"
#include "view/sums.h"

static int pin(struct kept *k, bool on, struct error *reterr)
{
	uint64_t id;
	int err = kept_id(k->o->operands[0], &id, reterr);

	if (err)
		return err;
	if (!view_is_archive(k->view))
		return error_set(reterr, -EINVAL,
				 "%s is no archive: only there is something removed with time",
				 kept_name(k->o));
	return view_pin(kept_path(k->o), id, on, reterr);
}

int pin_run(struct kept *k, struct error *reterr)
{
	return pin(k, true, reterr);
}

int unpin_run(struct kept *k, struct error *reterr)
{
	return pin(k, false, reterr);
}
