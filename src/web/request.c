/* SPDX-License-Identifier: MIT */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>

#include "json/write.h"
#include "select/amount.h"

const char *request_text(const struct request *r, const char *name)
{
	return http_api.lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

int request_number(const struct request *r, const char *name, uint64_t max, uint64_t *ret,
		   struct error *reterr)
{
	const char *text = request_text(r, name);

	if (!text || amount_number(text, max, ret) == 0)
		return 0;
	return error_set(reterr, -EINVAL, "%s: expected a number up to %llu", name,
			 (unsigned long long)max);
}

int request_id(const struct request *r, uint64_t *ret, struct error *reterr)
{
	if (amount_number(r->segment, INT64_MAX, ret) == 0 && *ret)
		return 0;
	return error_set(reterr, -EINVAL, "expected the number of an exchange");
}

void answer_json(struct request *r, json_t *v)
{
	json_write(v, &r->out);
	json_decref(v);
}

#endif
