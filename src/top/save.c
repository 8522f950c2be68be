/* SPDX-License-Identifier: MIT */
#include "top/save.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nettle/base64.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "view/curl.h"

/* More than terminals take at once. */
#define CLIPBOARD_MAX 74000
#define TRIES	      100

/* ---- calls ---- */

/* As -o has it: a comma ends the name. */
static char *output_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	struct buf text;

	if (!dot || !dot[1])
		return NULL;
	buf_init(&text, 4096);
	buf_addf(&text, "%s:", dot + 1);
	for (; *path; path++)
		buf_addf(&text, "%s%c", *path == ',' || *path == '\\' ? "\\" : "", *path);
	return buf_take(&text);
}

int top_save_calls(struct kept *k, const uint64_t *ids, size_t count, const char *path,
		   struct error *reterr)
{
	AUTO_FREE char *output = output_of(path);

	if (!output || !sink_find(span_of(output, strcspn(output, ":"))))
		return error_set(reterr, -EINVAL, "the name ends in .md, .html, .har or .jsonl");
	return kept_export(k, output, ids, count, reterr);
}

/* ---- commands ---- */

static int read_call(struct kept *k, uint64_t id, char **ret_text, size_t *ret_len,
		     struct error *reterr)
{
	char number[24];
	struct exchange *x;
	FILE *f;
	int err;

	snprintf(number, sizeof(number), "%" PRIu64, id);
	x = kept_one(k, number, reterr);
	if (!x)
		return reterr->code;
	f = open_memstream(ret_text, ret_len);
	err = f ? curl_print(x, f, reterr) : error_set(reterr, -ENOMEM, "out of memory");
	if (f)
		fclose(f);
	exchange_unref(x);
	return err;
}

/* OSC 52. */
static void send_to_clipboard(struct top_screen *screen, const char *text, size_t len)
{
	struct buf out;
	char *encoded;

	if (len > CLIPBOARD_MAX)
		return;
	encoded = xmalloc(BASE64_ENCODE_RAW_LENGTH(len) + 1);
	base64_encode_raw(encoded, len, (const uint8_t *)text);
	buf_init(&out, 2 * CLIPBOARD_MAX);
	buf_adds(&out, "\x1b]52;c;");
	buf_add(&out, span_of(encoded, BASE64_ENCODE_RAW_LENGTH(len)));
	buf_adds(&out, "\x07");
	top_screen_send(screen, out.ptr, out.len);
	buf_done(&out);
	free(encoded);
}

static int write_file(uint64_t id, struct span text, char **ret_path, struct error *reterr)
{
	int fd = -EEXIST, err;

	for (unsigned try = 0; fd == -EEXIST && try < TRIES; try++) {
		free(*ret_path);
		*ret_path = try ? xasprintf("llm-spy-%" PRIu64 "-%u.sh", id, try + 1)
				: xasprintf("llm-spy-%" PRIu64 ".sh", id);
		fd = file_create_as_caller(AT_FDCWD, *ret_path);
	}
	if (fd < 0)
		return error_set(reterr, fd, "%s: %s", *ret_path, strerror(-fd));
	err = file_write_all(fd, text);
	close(fd);
	return err ? error_set(reterr, err, "%s: %s", *ret_path, strerror(-err)) : 0;
}

int top_save_curl(struct kept *k, struct top_screen *screen, uint64_t id, char **ret_path,
		  struct error *reterr)
{
	char *text = NULL;
	size_t len = 0;
	int err = read_call(k, id, &text, &len, reterr);

	if (!err) {
		send_to_clipboard(screen, text, len);
		err = write_file(id, span_of(text, len), ret_path, reterr);
	}
	free(text);
	return err;
}
