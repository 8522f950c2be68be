/* SPDX-License-Identifier: MIT */
/* What the dialects of speech share: parameters in the path, audio in pieces, texts that are heard.
 */
#ifndef SPY_LLM_SPEECH_H
#define SPY_LLM_SPEECH_H

#include <jansson.h>
#include <nettle/sha2.h>

#include "exchange/builder.h"

/* Each "name=value" of the path's query is a param; "model" is the model that is asked for. */
void speech_query(struct exchange *x);

/* Audio whose pieces belong together. */
struct speech_audio {
	struct sha256_ctx sha;
	bool begun;
};
/* One piece, in base64, of the message's or the answer's audio. */
void speech_sent(struct exchange *x, struct speech_audio *a, struct span base64);
void speech_made(struct exchange *x, struct speech_audio *a, struct span base64);

/* What was heard in one stretch of speech; until it is final, what comes next takes its place. */
void speech_heard(struct exchange *x, int *stretch, struct span text, bool is_final);

#endif
