/* SPDX-License-Identifier: MIT */
#ifndef SPY_LLM_DIALECTS_BEDROCK_AGENT_H
#define SPY_LLM_DIALECTS_BEDROCK_AGENT_H

#include "exchange/builder.h"

/* What InvokeAgent and InvokeInlineAgent are sent. */
void bedrock_agent_request(struct exchange *x, const json_t *body);

#endif
