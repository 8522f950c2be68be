# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/llm/count.c \
	src/llm/count.h \
	src/llm/detect.c \
	src/llm/detect.h \
	src/llm/dialect.h \
	src/llm/dialects.def \
	src/llm/grpc.c \
	src/llm/grpc.h \
	src/llm/named_hosts.c \
	src/llm/named_hosts.h \
	src/llm/dialects/a2a.c \
	src/llm/dialects/a2a.h \
	src/llm/dialects/a2a_answer.c \
	src/llm/dialects/a2a_grpc.c \
	src/llm/dialects/acp.c \
	src/llm/dialects/anthropic.c \
	src/llm/dialects/anthropic.h \
	src/llm/dialects/anthropic_other.c \
	src/llm/dialects/anthropic_request.c \
	src/llm/dialects/anthropic_sessions.c \
	src/llm/dialects/anthropic_stream.c \
	src/llm/dialects/assistants.c \
	src/llm/dialects/augment.c \
	src/llm/dialects/bedrock.c \
	src/llm/dialects/bedrock.h \
	src/llm/dialects/bedrock_agent.c \
	src/llm/dialects/bedrock_agent.h \
	src/llm/dialects/bedrock_agent_request.c \
	src/llm/dialects/bedrock_blocks.c \
	src/llm/dialects/bedrock_blocks.h \
	src/llm/dialects/bedrock_converse.c \
	src/llm/dialects/bedrock_invoke.c \
	src/llm/dialects/bedrock_prompt.c \
	src/llm/dialects/cody.c \
	src/llm/dialects/bedrock_rag.c \
	src/llm/dialects/cohere.c \
	src/llm/dialects/deepgram.c \
	src/llm/dialects/deepgram_agent.c \
	src/llm/dialects/dashscope.c \
	src/llm/dialects/fallback.c \
	src/llm/dialects/gemini.c \
	src/llm/dialects/gemini.h \
	src/llm/dialects/gemini_interactions.c \
	src/llm/dialects/gemini_interactions_request.c \
	src/llm/dialects/gemini_other.c \
	src/llm/dialects/gemini_partial.c \
	src/llm/dialects/gemini_partial.h \
	src/llm/dialects/gemini_request.c \
	src/llm/dialects/gemini_sources.c \
	src/llm/dialects/gemini_live.c \
	src/llm/dialects/generic.h \
	src/llm/dialects/generic_answer.c \
	src/llm/dialects/generic_request.c \
	src/llm/dialects/kiro.c \
	src/llm/dialects/mcp.c \
	src/llm/dialects/mistral_entries.c \
	src/llm/dialects/mistral_entries.h \
	src/llm/dialects/ollama.c \
	src/llm/dialects/openai.h \
	src/llm/dialects/openai_binary.c \
	src/llm/dialects/openai_chat.c \
	src/llm/dialects/openai_chat_calls.c \
	src/llm/dialects/openai_chat_request.c \
	src/llm/dialects/openai_completions.c \
	src/llm/dialects/openai_count.c \
	src/llm/dialects/openai_media.c \
	src/llm/dialects/openai_media.h \
	src/llm/dialects/openai_media_stream.c \
	src/llm/dialects/openai_realtime.c \
	src/llm/dialects/openai_realtime_speech.c \
	src/llm/dialects/openai_responses.c \
	src/llm/dialects/openai_responses_request.c \
	src/llm/dialects/openai_sources.c \
	src/llm/dialects/openai_usage.c \
	src/llm/dialects/responses_answer.c \
	src/llm/dialects/responses_answer.h \
	src/llm/dialects/responses_items.c \
	src/llm/dialects/responses_items.h \
	src/llm/dialects/tokenize.c \
	src/llm/dialects/watsonx.c \
	src/llm/dialects/xai_speech.c \
	src/llm/dialects/sagemaker.c \
	src/llm/dialects/snowflake.c \
	src/llm/dialects/snowflake.h \
	src/llm/dialects/so_far.c \
	src/llm/dialects/so_far.h \
	src/llm/dialects/responses_order.c \
	src/llm/dialects/responses_order.h \
	src/llm/error.c \
	src/llm/error.h \
	src/llm/json.c \
	src/llm/json.h \
	src/llm/multipart.c \
	src/llm/multipart.h \
	src/llm/rest.c \
	src/llm/rest.h \
	src/llm/pieces.c \
	src/llm/pieces.h \
	src/llm/result.c \
	src/llm/result.h \
	src/llm/paths.def \
	src/llm/protobuf.c \
	src/llm/protobuf.h \
	src/llm/provider_paths.def \
	src/llm/providers.def \
	src/llm/routes.c \
	src/llm/rpc.c \
	src/llm/rpc.h \
	src/llm/speech.c \
	src/llm/speech.h \
	src/llm/sockets.def

EXTRA_DIST += scripts/check-providers
check_PROGRAMS += tests/unit/test_bedrock
check_PROGRAMS += tests/unit/test_tables

check_PROGRAMS += tests/fuzz/fuzz_json
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/json

check_PROGRAMS += tests/fuzz/fuzz_multipart
tests_fuzz_fuzz_multipart_SOURCES = tests/fuzz/fuzz_multipart.c $(FUZZ_MAIN)
tests_fuzz_fuzz_multipart_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/multipart

check_PROGRAMS += tests/fuzz/fuzz_protobuf
tests_fuzz_fuzz_protobuf_SOURCES = tests/fuzz/fuzz_protobuf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_protobuf_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/protobuf
