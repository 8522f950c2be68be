/* SPDX-License-Identifier: MIT */
/* Forms with files, as audio, images and their like are sent. RFC 7578. */
#ifndef SPY_LLM_MULTIPART_H
#define SPY_LLM_MULTIPART_H

#include <jansson.h>

#include "base/limits.h"
#include "base/span.h"

/* The fields of a body of multipart/form-data as an object: a text is a string, a file an object of
 * "filename", "media_type", "bytes" and "sha256"; a name that occurs again makes a list. `cut`: the
 * body may lack its end; then *ret_partial is set where it does, and where a limit leaves out the
 * rest. NULL: it is no such body. */
json_t *multipart_read(struct limits *lim, struct span body, bool cut, bool *ret_partial);

#endif
