#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a dialect does not know is on the record.

An invented member is planted into every object of a request, an answer and a stream of every
dialect, one at a time, each in an exchange of its own. The record must hold it (as a part of kind
`other`, in params, or in usage.raw), and all that it held without it."""
import json
import os
import re
import struct
import subprocess
import sys
import zlib

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
# ---- framings of an answer: a whole one, and streams of events ----
def http(start, media, body, more=""):
    return (f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n").encode() + body


def whole(v):
    return http("HTTP/1.1 200 OK", "application/json", json.dumps(v).encode())


def sse(events):
    return http("HTTP/1.1 200 OK", "text/event-stream",
                b"".join(f"data: {json.dumps(e)}\n\n".encode() for e in events))


def named(events):
    return http("HTTP/1.1 200 OK", "text/event-stream",
                b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events))


def lines(events):
    return http("HTTP/1.1 200 OK", "application/x-ndjson", b"".join(json.dumps(e).encode() + b"\n" for e in events))


def aws(events):
    """Each event is an object of one member, which names it."""
    def header(name, value):
        return bytes([len(name)]) + name + b"\x07" + struct.pack(">H", len(value)) + value

    def frame(name, v):
        heads = header(b":event-type", name.encode()) + header(b":message-type", b"event")
        data = json.dumps(v).encode()
        prelude = struct.pack(">II", len(heads) + len(data) + 16, len(heads))
        out = prelude + struct.pack(">I", zlib.crc32(prelude)) + heads + data
        return out + struct.pack(">I", zlib.crc32(out))
    return http("HTTP/1.1 200 OK", "application/vnd.amazon.eventstream",
                b"".join(frame(*next(iter(e.items()))) for e in events))


def frames(events):
    """Text frames of a WebSocket's server."""
    out = b""
    for e in events:
        data = json.dumps(e).encode()
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        out += b"\x81" + size + data
    return out


# ---- dialects: api, host, path, request, [(framing, answer)]; texts begin with "said" ----
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "f", "description": "said D", "parameters": SCHEMA}}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":"said args"}'}}


def chat():
    def delta(d, end=None):
        return {"id": "x", "object": "chat.completion.chunk", "model": "m",
                "choices": [{"index": 0, "delta": d, "finish_reason": end}]}
    ask = {"model": "m", "messages": [
        {"role": "system", "content": "said S"},
        {"role": "user", "content": [{"type": "text", "text": "said U"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "said R"}], "tools": [TOOL],
        "response_format": {"type": "text"}}
    back = {"id": "x", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "finish_reason": "tool_calls",
         "message": {"role": "assistant", "content": "said A", "reasoning_content": "said T", "tool_calls": [CALL]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    stream = [delta({"role": "assistant", "content": "said "}), delta({"content": "A"}),
              delta({"tool_calls": [{"index": 0, **CALL}]}), delta({}, "tool_calls")]
    return "openai.chat", "api.openai.com", "/v1/chat/completions", ask, [(whole, back), (sse, stream)]


def responses():
    call = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": '{"a":"said args"}'}
    text = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "said A"}]}
    thought = {"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "said T"}]}
    ask = {"model": "m", "instructions": "said S", "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "said U"}]}, call,
        {"type": "function_call_output", "call_id": "c1", "output": "said R"}],
        "tools": [{"type": "function", "name": "f", "description": "said D", "parameters": SCHEMA}]}
    back = {"id": "x", "object": "response", "model": "m", "status": "completed", "output": [thought, text, call],
            "usage": {"input_tokens": 1, "output_tokens": 1}}
    empty = {**text, "content": []}
    stream = [{"type": "response.created", "response": {"id": "x", "object": "response", "model": "m"}},
              {"type": "response.output_item.added", "output_index": 0, "item": empty},
              {"type": "response.output_text.delta", "item_id": "m1", "output_index": 0, "content_index": 0,
               "delta": "said A"},
              {"type": "response.output_item.done", "output_index": 0, "item": text},
              {"type": "response.output_item.added", "output_index": 1, "item": call},
              {"type": "response.output_item.done", "output_index": 1, "item": call},
              {"type": "response.completed", "response": {**back, "output": [text, call]}}]
    return "openai.responses", "api.openai.com", "/v1/responses", ask, [(whole, back), (named, stream)]


def completions():
    ask = {"model": "m", "prompt": "said U", "max_tokens": 5}
    back = {"id": "x", "object": "text_completion", "model": "m",
            "choices": [{"index": 0, "text": "said A", "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}
    return "openai.completions", "api.openai.com", "/v1/completions", ask, [(whole, back), (sse, [back])]


def anthropic():
    use = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": "said args"}}
    ask = {"model": "claude-x", "max_tokens": 9, "system": [{"type": "text", "text": "said S"}], "messages": [
        {"role": "user", "content": [{"type": "text", "text": "said U"}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "said T", "signature": "x"}, use]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1",
                                      "content": [{"type": "text", "text": "said R"}]}]}],
        "tools": [{"name": "f", "description": "said D", "input_schema": SCHEMA}]}
    back = {"id": "x", "type": "message", "role": "assistant", "model": "claude-x", "content": [
        {"type": "thinking", "thinking": "said T", "signature": "x"}, {"type": "text", "text": "said A"}, use],
        "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1}}
    stream = [{"type": "message_start", "message": {**back, "content": []}},
              {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
              {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "said A"}},
              {"type": "content_block_stop", "index": 0},
              {"type": "content_block_start", "index": 1, "content_block": {**use, "input": {}}},
              {"type": "content_block_delta", "index": 1,
               "delta": {"type": "input_json_delta", "partial_json": '{"a":"said args"}'}},
              {"type": "content_block_stop", "index": 1},
              {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
              {"type": "message_stop"}]
    return "anthropic.messages", "api.anthropic.com", "/v1/messages", ask, [(whole, back), (named, stream)]


def gemini():
    call = {"functionCall": {"name": "f", "args": {"a": "said args"}}}
    ask = {"systemInstruction": {"parts": [{"text": "said S"}]}, "contents": [
        {"role": "user", "parts": [{"text": "said U"}]}, {"role": "model", "parts": [call]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"r": "said R"}}}]}],
        "tools": [{"functionDeclarations": [{"name": "f", "description": "said D", "parameters": SCHEMA}]}],
        "generationConfig": {"temperature": 0.5}}
    back = {"responseId": "x", "modelVersion": "m", "candidates": [{"index": 0, "finishReason": "STOP", "content": {
        "role": "model", "parts": [{"text": "said T", "thought": True}, {"text": "said A"}, call]}}],
        "usageMetadata": {"promptTokenCount": 1}}
    return "gemini.generate", "generativelanguage.googleapis.com", "/v1beta/models/m:streamGenerateContent?alt=sse", ask, [
        (whole, back), (sse, [back])]


def interactions():
    ask = {"model": "gemini-x", "system_instruction": "said S", "input": [
        {"role": "user", "content": [{"type": "text", "text": "said U"}]}],
        "tools": [{"type": "function", "name": "f", "description": "said D", "parameters": SCHEMA}]}
    back = {"id": "x", "object": "interaction", "model": "gemini-x", "status": "completed", "outputs": [
        {"type": "text", "text": "said A"},
        {"type": "function_call", "id": "c1", "name": "f", "arguments": {"a": "said args"}}],
        "usage": {"total_input_tokens": 1}}
    stream = [{"event_type": "interaction.start", "interaction": {**back, "status": "in_progress", "outputs": []}},
              {"event_type": "content.start", "index": 0, "step": {"type": "thought"}},
              {"event_type": "content.delta", "index": 0,
               "delta": {"type": "thought_summary", "content": {"type": "text", "text": "said T"}}},
              {"event_type": "content.delta", "index": 1, "delta": {"type": "text", "text": "said A"}},
              {"event_type": "content.delta", "index": 2, "delta": back["outputs"][1]},
              {"event_type": "content.stop", "index": 2},
              {"event_type": "interaction.complete", "interaction": {**back, "outputs": []}}]
    return "gemini.interactions", "generativelanguage.googleapis.com", "/v1beta/interactions", ask, [
        (whole, back), (sse, stream)]


def converse():
    call = {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": "said args"}}}
    ask = {"system": [{"text": "said S"}], "messages": [
        {"role": "user", "content": [{"text": "said U"}]}, {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "said R"}]}}]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "description": "said D", "inputSchema": {"json": SCHEMA}}}]},
        "inferenceConfig": {"maxTokens": 5}}
    back = {"output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "said T"}}}, {"text": "said A"}, call]}},
        "stopReason": "tool_use", "usage": {"inputTokens": 1}, "metrics": {"latencyMs": 5}}
    stream = [{"messageStart": {"role": "assistant"}},
              {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "said T"}}}},
              {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"text": "said A"}}},
              {"contentBlockStop": {"contentBlockIndex": 1}},
              {"contentBlockStart": {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t1", "name": "f"}}}},
              {"contentBlockDelta": {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '{"a":"said args"}'}}}},
              {"messageStop": {"stopReason": "tool_use"}}, {"metadata": {"usage": {"inputTokens": 1}}}]
    return "bedrock.converse", "bedrock-runtime.us-east-1.amazonaws.com", "/model/anthropic.claude-v2/converse-stream", \
        ask, [(whole, back), (aws, stream)]


def prompt():
    ask = {"prompt": "said U", "max_gen_len": 5}
    back = {"generation": "said A", "stop_reason": "stop", "prompt_token_count": 1}
    return "bedrock.invoke", "bedrock-runtime.us-east-1.amazonaws.com", "/model/meta.llama3/invoke", ask, [(whole, back)]


def titan():
    ask = {"inputText": "said U", "textGenerationConfig": {"maxTokenCount": 5}}
    back = {"inputTextTokenCount": 1, "results": [{"outputText": "said A", "tokenCount": 1, "completionReason": "FINISH"}]}
    return "bedrock.invoke", "bedrock-runtime.us-east-1.amazonaws.com", "/model/amazon.titan/invoke", ask, [(whole, back)]


def cohere():
    ask = {"model": "m", "messages": [
        {"role": "system", "content": "said S"}, {"role": "user", "content": [{"type": "text", "text": "said U"}]},
        {"role": "assistant", "tool_plan": "said P", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "said R"}], "tools": [TOOL]}
    back = {"id": "x", "finish_reason": "TOOL_CALL", "message": {
        "role": "assistant", "tool_plan": "said T", "content": [{"type": "text", "text": "said A"}], "tool_calls": [CALL]},
        "usage": {"tokens": {"input_tokens": 1}}}
    stream = [{"type": "message-start", "id": "x", "delta": {"message": {"role": "assistant"}}},
              {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
              {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "said A"}}}},
              {"type": "content-end", "index": 0},
              {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": CALL}}},
              {"type": "tool-call-end", "index": 0},
              {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": {"tokens": {"input_tokens": 1}}}}]
    return "cohere.chat", "api.cohere.com", "/v2/chat", ask, [(whole, back), (named, stream)]


def cohere_v1():
    call = {"name": "f", "parameters": {"a": "said args"}}
    ask = {"model": "m", "message": "said U", "preamble": "said S",
           "chat_history": [{"role": "CHATBOT", "message": "said H", "tool_calls": [call]}],
           "tools": [{"name": "f", "description": "said D", "parameter_definitions": {"a": {"type": "str"}}}],
           "tool_results": [{"call": call, "outputs": [{"r": "said R"}]}]}
    back = {"response_id": "x", "generation_id": "g", "text": "said A", "finish_reason": "COMPLETE", "tool_calls": [call],
            "meta": {"tokens": {"input_tokens": 1}}}
    stream = [{"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
              {"is_finished": False, "event_type": "text-generation", "text": "said A"},
              {"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": [call]},
              {"is_finished": True, "event_type": "stream-end", "finish_reason": "COMPLETE", "response": back}]
    return "cohere.chat-v1", "api.cohere.com", "/v1/chat", ask, [(whole, back), (lines, stream)]


def ollama():
    call = {"function": {"name": "f", "arguments": {"a": "said args"}}}
    ask = {"model": "m", "messages": [
        {"role": "system", "content": "said S"}, {"role": "user", "content": "said U"},
        {"role": "assistant", "content": "", "thinking": "said P", "tool_calls": [call]},
        {"role": "tool", "tool_name": "f", "content": "said R"}], "tools": [TOOL], "options": {"temperature": 0.5}}

    def line(**message):
        return {"model": "m", "created_at": "t", "done": False, "message": {"role": "assistant", **message}}
    end = {"done": True, "done_reason": "stop", "eval_count": 1}
    stream = [line(content="", thinking="said T"), line(content="said A"), line(content="", tool_calls=[call]),
              {**line(content=""), **end}]
    back = {**line(content="said A", thinking="said T", tool_calls=[call]), **end}
    return "ollama.chat", "localhost:11434", "/api/chat", ask, [(whole, back), (lines, stream)]


def ollama_generate():
    ask = {"model": "m", "prompt": "said U", "system": "said S", "options": {"temperature": 0.5}}
    back = {"model": "m", "created_at": "t", "response": "said A", "done": True, "done_reason": "stop", "eval_count": 1}
    return "ollama.generate", "localhost:11434", "/api/generate", ask, [
        (whole, back), (lines, [{**back, "done": False}, {**back, "response": ""}])]


def mcp():
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "f", "arguments": {"a": "said U"}}}
    back = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "said A"}]}}
    return "mcp", "mcp.example", "/mcp", ask, [(whole, back), (sse, [back])]


def mcp_input():
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "f", "arguments": {"a": "said U"}, "requestState": "said S", "inputResponses": {"k": {"roots": ["said V"]}}}}
    back = {"jsonrpc": "2.0", "id": 1, "result": {"resultType": "input_required", "requestState": "said T", "inputRequests": {
        "k": {"method": "elicitation/create", "params": {"message": "said A"}}}}}
    return "mcp", "mcp.example", "/mcp", ask, [(whole, back), (sse, [back])]


def a2a_task():
    message = {"messageId": "m2", "role": "ROLE_AGENT", "parts": [{"text": "said T"}]}
    return {"id": "t1", "contextId": "c1", "status": {"state": "TASK_STATE_COMPLETED", "message": message}, "artifacts": [
        {"artifactId": "a1", "name": "n", "parts": [{"text": "said A"}, {"data": {"a": "said data"}}]}]}


def a2a():
    sent = {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "said U"}, {"data": {"a": "said V"}}]}
    ask = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": sent}}
    task = a2a_task()
    status = {"taskId": "t1", "contextId": "c1", "status": task["status"]}
    artifact = {"taskId": "t1", "contextId": "c1", "artifact": task["artifacts"][0], "lastChunk": True}
    stream = [{"jsonrpc": "2.0", "id": 1, "result": {k: v}} for k, v in (("statusUpdate", status), ("artifactUpdate", artifact))]
    return "a2a", "agent.example", "/", ask, [(whole, {"jsonrpc": "2.0", "id": 1, "result": {"task": task}}), (sse, stream)]


def a2a_http():
    sent = {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "said U"}]}
    task = a2a_task()
    return "a2a", "agent.example", "/message:send", {"message": sent}, [(whole, {"task": task}), (sse, [{"task": task}])]


def watsonx():
    ask = {"model_id": "m", "project_id": "p", "input": "said U", "parameters": {"max_new_tokens": 5}}
    back = {"model_id": "m", "results": [{"generated_text": "said A", "generated_token_count": 1, "input_token_count": 1,
                                          "stop_reason": "eos_token"}]}
    return "watsonx.generation", "us-south.ml.cloud.ibm.com", "/ml/v1/text/generation", ask, [(whole, back), (sse, [back])]


def listen():
    back = {"metadata": {"request_id": "r", "duration": 1.5, "model_info": {"u": {"name": "n"}}},
            "results": {"channels": [{"alternatives": [{"transcript": "said A", "confidence": 0.5}]}]}}
    return "deepgram.listen", "api.deepgram.com", "/v1/listen", {"url": "said U"}, [(whole, back)]


def spoken():
    ask = [{"type": "text.delta", "delta": "said U"}, {"type": "text.done"}]
    stream = [{"type": "audio.delta", "delta": "aGVsbG8="}, {"type": "audio.done", "trace_id": "t"}]
    return "xai.tts", "api.x.ai", "/v1/tts?voice=eve", ask, [(frames, stream)]


def voice_agent():
    ask = [{"type": "Settings", "audio": {"input": {"encoding": "linear16"}}, "agent": {
        "think": {"provider": {"type": "open_ai", "model": "m"}, "prompt": "said S",
                  "functions": [{"name": "f", "description": "said D", "parameters": SCHEMA}]},
        "context": {"messages": [{"type": "History", "role": "user", "content": "said H"}, {"type": "History", "function_calls": [
            {"id": "c0", "name": "f", "client_side": True, "arguments": "{}", "response": "said Q"}]}]}}},
           {"type": "FunctionCallResponse", "id": "c0", "name": "f", "content": "said R"}, {"type": "InjectUserMessage", "content": "said U"}]
    stream = [{"type": "ConversationText", "role": "assistant", "content": "said A"}, {"type": "AgentThinking", "content": "said T"},
              {"type": "FunctionCallRequest", "functions": [{"id": "c1", "name": "f", "arguments": '{"a":"said args"}', "client_side": False}]},
              {"type": "FunctionCallResponse", "id": "c1", "name": "f", "content": "said B"}, {"type": "AgentAudioDone"}]
    return "deepgram.agent", "agent.deepgram.com", "/v1/agent/converse", ask, [(frames, stream)]


# ---- beside the plain call: sources, tools of the provider, what counts or comes later ----
def anthropic_tools():
    ask = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [
        {"type": "document", "title": "said D", "context": "said C", "source": {"type": "text", "media_type": "text/plain", "data": "said U"}},
        {"type": "search_result", "source": "https://s.example", "title": "said T", "content": [{"type": "text", "text": "said F"}]},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "said R"},
                                                                {"type": "image", "source": {"type": "url", "url": "https://i.example"}}]}]}],
        "mcp_servers": [{"type": "url", "name": "s", "url": "https://m.example"}]}
    content = [{"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "said Q"}},
               {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [
                   {"type": "web_search_result", "url": "https://w.example", "title": "said W"}]},
               {"type": "compaction", "content": "said K"},
               {"type": "text", "text": "said A", "citations": [
                   {"type": "web_search_result_location", "url": "https://w.example", "cited_text": "said B"}]}]
    back = {"id": "x", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": "end_turn",
            "stop_details": {"explanation": "said E"}, "diagnostics": {"cache_miss_reason": {"type": "said M"}}, "usage": {}}
    stream = [{"type": "message_start", "message": {**back, "content": [], "stop_reason": None, "stop_details": None}},
              {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
              {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": content[3]["citations"][0]}},
              {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "said A"}},
              {"type": "content_block_stop", "index": 0},
              {"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": back["stop_details"]}, "usage": {}},
              {"type": "message_stop"}]
    return "anthropic.messages", "api.anthropic.com", "/v1/messages", ask, [(whole, back), (named, stream)]


def sessions():
    at = {"processed_at": "t"}
    ask = {"events": [{"type": "user.message", "content": [{"type": "text", "text": "said U"}]},
                      {"type": "user.custom_tool_result", "custom_tool_use_id": "c", "content": [{"type": "text", "text": "said R"}]},
                      {"type": "user.interrupt"}]}
    stream = [{"type": "agent.message", "id": "1", "content": [{"type": "text", "text": "said A"}], **at},
              {"type": "agent.tool_use", "id": "2", "name": "f", "input": {"a": "said args"}, **at},
              {"type": "agent.tool_result", "id": "3", "tool_use_id": "2", "content": [{"type": "text", "text": "said B"}], **at},
              {"type": "span.model_request_end", "id": "4", "model_usage": {"input_tokens": 1}, **at},
              {"type": "session.status_idle", "id": "5", "stop_reason": {"type": "end_turn"}, **at}]
    return "anthropic.sessions", "api.anthropic.com", "/v1/sessions/s/events", ask, [(sse, stream)]


def anthropic_count():
    ask = {"model": "m", "messages": [{"role": "user", "content": "said U"}]}
    return "anthropic.count", "api.anthropic.com", "/v1/messages/count_tokens", ask, [(whole, {"input_tokens": 3})]


def anthropic_batch():
    ask = {"requests": [{"custom_id": "said I", "params": {"model": "m", "max_tokens": 5, "messages": [
        {"role": "user", "content": "said U"}]}}]}
    back = {"id": "b", "type": "message_batch", "processing_status": "in_progress", "request_counts": {"processing": 1}}
    return "anthropic.batches", "api.anthropic.com", "/v1/messages/batches", ask, [(whole, back)]


def anthropic_complete():
    ask = {"model": "m", "prompt": "said U", "max_tokens_to_sample": 5}
    back = {"type": "completion", "id": "x", "completion": "said A", "stop_reason": "stop_sequence", "model": "m"}
    return "anthropic.complete", "api.anthropic.com", "/v1/complete", ask, [(whole, back), (named, [back])]


def gemini_sources():
    ask = {"contents": [{"role": "user", "parts": [{"text": "said U"}, {"functionResponse": {
        "name": "f", "response": {"a": "said R"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}]}}]}]}
    back = {"candidates": [{"content": {"role": "model", "parts": [
        {"text": "said A"}, {"executableCode": {"code": "said C"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "said O"}},
        {"toolCall": {"toolType": "T", "args": {"queries": ["said Q"]}}}, {"toolResponse": {"toolType": "T", "response": {"a": "said S"}}}]},
        "finishReason": "STOP", "groundingMetadata": {
            "webSearchQueries": ["said W"], "groundingChunks": [{"web": {"uri": "https://a.example", "title": "said T"}}],
            "groundingSupports": [{"segment": {"endIndex": 2, "text": "said X"}, "groundingChunkIndices": [0]}]},
        "citationMetadata": {"citations": [{"uri": "https://c.example", "title": "said Y"}]},
        "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "https://u.example"}]}}],
        "promptFeedback": {"safetyRatings": []}, "modelVersion": "m"}
    return "gemini.generate", "generativelanguage.googleapis.com", "/v1beta/models/m:generateContent", ask, [(whole, back), (sse, [back])]


def gemini_count():
    ask = {"contents": [{"parts": [{"text": "said U"}]}]}
    return "gemini.count", "generativelanguage.googleapis.com", "/v1beta/models/m:countTokens", ask, [(whole, {"totalTokens": 3})]


def gemini_embed():
    one = {"model": "models/m", "content": {"parts": [{"text": "said U"}]}}
    ask = {"batch": {"model": "models/m", "inputConfig": {"requests": {"requests": [{"request": one}]}}}}
    return "gemini.embed", "generativelanguage.googleapis.com", "/v1beta/models/m:asyncBatchEmbedContent", ask, [
        (whole, {"name": "batches/1", "metadata": {"state": "said A"}})]


def interactions_steps():
    result = [{"type": "text", "text": "said R"}, {"type": "image", "mime_type": "image/png", "data": "aGVsbG8="}]
    ask = {"model": "m", "input": [
        {"type": "user_input", "content": [{"type": "text", "text": "said U"}]},
        {"type": "thought", "summary": [{"type": "text", "text": "said T"}]},
        {"type": "function_call", "id": "c1", "name": "f", "arguments": {"a": "said args"}},
        {"type": "function_result", "call_id": "c1", "name": "f", "result": result},
        {"type": "model_output", "content": [{"type": "text", "text": "said P"}]}]}
    back = {"id": "i", "object": "interaction", "status": "completed", "model": "m", "steps": [
        {"type": "google_search_call", "id": "g", "arguments": {"queries": ["said Q"]}},
        {"type": "google_search_result", "call_id": "g", "result": [{"url": "https://a.example", "title": "said S"}]},
        {"type": "mcp_server_tool_result", "call_id": "m", "result": result},
        {"type": "model_output", "content": [{"type": "text", "text": "said A", "annotations": [
            {"type": "url_citation", "url": "https://u.example", "title": "said C"}]}]}]}
    return "gemini.interactions", "generativelanguage.googleapis.com", "/v1beta/interactions", ask, [(whole, back)]


def converse_sources():
    picture = {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}
    ask = {"messages": [{"role": "user", "content": [
        {"document": {"format": "txt", "name": "said D", "context": "said C", "source": {"text": "said U"}}},
        {"toolResult": {"toolUseId": "t", "content": [{"text": "said R"}, picture]}}]}]}
    back = {"output": {"message": {"role": "assistant", "content": [
        {"citationsContent": {"content": [{"text": "said A"}], "citations": [
            {"title": "said T", "location": {"web": {"url": "https://w.example"}}, "sourceContent": [{"text": "said S"}]}]}},
        {"toolResult": {"toolUseId": "t", "content": [{"json": {"a": "said B"}}]}}, picture]}}, "stopReason": "end_turn", "usage": {}}
    stream = [{"messageStart": {"role": "assistant"}},
              {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "said A"}}},
              {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"citation": {"title": "said T", "sourceContent": [{"text": "said S"}]}}}},
              {"contentBlockStop": {"contentBlockIndex": 0}}, {"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": {}}}]
    return "bedrock.converse", "bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", ask, [(whole, back), (aws, stream)]


def rag():
    ask = {"input": {"text": "said U"}, "retrieveAndGenerateConfiguration": {"type": "T", "externalSourcesConfiguration": {
        "modelArn": "m", "sources": [{"sourceType": "S", "byteContent": {"identifier": "said I", "data": "aGVsbG8="}}]}}}
    cited = {"generatedResponsePart": {"textResponsePart": {"text": "x", "span": {"start": 0, "end": 1}}}, "retrievedReferences": [
        {"content": {"text": "said S"}, "location": {"type": "WEB", "webLocation": {"url": "https://w.example"}}}]}
    back = {"sessionId": "s", "output": {"text": "said A"}, "citations": [cited]}
    return "bedrock.retrieve-and-generate", "bedrock-agent-runtime.us-east-1.amazonaws.com", "/retrieveAndGenerate", ask, [
        (whole, back), (aws, [{"output": {"text": "said A"}}, {"citation": cited}])]


def agent():
    session = {"invocationId": "i", "conversationHistory": {"messages": [{"role": "user", "content": [{"text": "said H"}]}]},
               "files": [{"name": "said N", "useCase": "CHAT", "source": {"sourceType": "BYTE_CONTENT", "byteContent": {
                   "data": "aGVsbG8=", "mediaType": "text/plain"}}},
                         {"name": "said O", "useCase": "CHAT", "source": {"sourceType": "S3", "s3Location": {"uri": "s3://b/k"}}}],
               "returnControlInvocationResults": [{"functionResult": {"function": "f", "responseBody": {"TEXT": {"body": "said R"}}}}]}
    ask = {"inputText": "said U", "instruction": "said I", "foundationModel": "m", "inlineSessionState": session,
           "actionGroups": [{"actionGroupName": "g", "functionSchema": {"functions": [
               {"name": "f", "description": "said D", "parameters": {"a": {"type": "string"}}}]}}]}

    def trace(**step):
        return {"trace": {"agentId": "A", "sessionId": "s", "trace": {"orchestrationTrace": step}}}
    cited = {"generatedResponsePart": {"textResponsePart": {"text": "x", "span": {"start": 0, "end": 1}}}, "retrievedReferences": [
        {"content": {"text": "said S"}, "location": {"type": "WEB", "webLocation": {"url": "https://w.example"}}}]}
    stream = [trace(modelInvocationInput={"foundationModel": "m", "text": "said M"}), trace(rationale={"text": "said T"}),
              trace(modelInvocationOutput={"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}}),
              trace(invocationInput={"invocationType": "KNOWLEDGE_BASE", "knowledgeBaseLookupInput": {"knowledgeBaseId": "k", "text": "said Q"}}),
              trace(observation={"type": "KNOWLEDGE_BASE", "knowledgeBaseLookupOutput": {"retrievedReferences": [{"content": {"text": "said E"}}]}}),
              {"trace": {"trace": {"guardrailTrace": {"action": "NONE"}}}},
              {"chunk": {"bytes": "c2FpZCBB", "attribution": {"citations": [cited]}}},
              {"files": {"files": [{"name": "said F", "type": "text/plain", "bytes": "aGVsbG8="}]}},
              {"returnControl": {"invocationId": "i", "invocationInputs": [{"functionInvocationInput": {"function": "f", "parameters": []}}]}}]
    return "bedrock.agent", "bedrock-agent-runtime.us-east-1.amazonaws.com", "/agents/s", ask, [(aws, stream)]


def cohere_sources():
    ask = {"model": "m", "messages": [{"role": "tool", "tool_call_id": "c", "content": [
        {"type": "text", "text": "said R"}, {"type": "document", "document": {"data": "said D"}}]}]}
    cited = {"start": 0, "end": 1, "text": "said C", "sources": [
        {"type": "document", "id": "d", "document": {"title": "said T", "url": "https://d.example"}}]}
    back = {"id": "x", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [{"type": "text", "text": "said A"}],
                                                                "citations": [cited]}, "usage": {}}
    return "cohere.chat", "api.cohere.com", "/v2/chat", ask, [(whole, back)]


def ollama_embed():
    return "ollama.embed", "localhost:11434", "/api/embed", {"model": "m", "input": ["said U"]}, [
        (whole, {"model": "m", "embeddings": [[0.5]]})]


def llama():
    back = {"content": "said A", "stop": True, "stop_type": "eos", "tokens_evaluated": 1, "tokens_predicted": 1}
    return "openai.completions", "localhost:8080", "/completion", {"prompt": "said U", "n_predict": 5}, [(whole, back)]


def embeddings():
    back = {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {}}
    return "openai.embeddings", "api.openai.com", "/v1/embeddings", {"model": "m", "input": ["said U"]}, [(whole, back)]


def images():
    back = {"created": 1, "data": [{"b64_json": "aGVsbG8=", "revised_prompt": "said A"}]}
    return "openai.images", "api.openai.com", "/v1/images/generations", {"model": "m", "prompt": "said U"}, [(whole, back)]


def ocr():
    ask = {"model": "m", "document": {"type": "document_url", "document_url": "said U"}}
    back = {"model": "m", "pages": [{"index": 0, "markdown": "said A"}], "usage_info": {"pages_processed": 1}}
    return "mistral.ocr", "api.mistral.ai", "/v1/ocr", ask, [(whole, back)]


def assistants():
    ask = {"assistant_id": "a", "instructions": "said S", "additional_messages": [{"role": "user", "content": "said U"}],
           "thread": {"messages": [{"role": "user", "content": "said V"}]}, "tools": [TOOL]}
    back = {"id": "run_1", "object": "thread.run", "status": "queued", "model": "m"}
    message = {"id": "m1", "object": "thread.message.delta", "delta": {"content": [
        {"index": 0, "type": "text", "text": {"value": "said A"}}]}}
    step = {"id": "s1", "object": "thread.run.step.delta", "delta": {"step_details": {"type": "tool_calls", "tool_calls": [
        {"index": 0, **CALL}]}}}
    return "openai.assistants", "api.openai.com", "/v1/threads/t1/runs", ask, [
        (whole, back), (sse, [back, message, step, {**back, "status": "completed"}])]


def transcription():
    back = {"text": "said A", "segments": [{"id": "s", "speaker": "A", "text": "said A"}]}
    stream = [{"type": "transcript.text.delta", "delta": "said A"}, {"type": "transcript.text.segment", "id": "s", "speaker": "A", "text": "said A"},
              {"type": "transcript.text.done", "text": "said A"}]
    return "openai.transcription", "api.openai.com", "/v1/audio/transcriptions", {"model": "m"}, [(whole, back), (sse, stream)]


def transcriber():
    ask = [{"type": "session.update", "session": {"type": "transcription", "audio": {"input": {"transcription": {"model": "m"}}}}},
           {"type": "input_audio_buffer.append", "audio": "aGVsbG8="}]
    stream = [{"type": "conversation.item.input_audio_transcription.delta", "item_id": "u", "delta": "said A"},
              {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u", "transcript": "said A"}]
    return "openai.realtime", "api.openai.com", "/v1/realtime?intent=transcription", ask, [(frames, stream)]


def live():
    call = {"id": "c1", "name": "f", "args": {"a": "said args"}}
    ask = {"setup": {"model": "models/m"}}, {"clientContent": {"turnComplete": True, "turns": [
        {"role": "user", "parts": [{"text": "said U"}]}]}}
    stream = [{"serverContent": {"modelTurn": {"parts": [{"text": "said A"}]}}}, {"toolCall": {"functionCalls": [call]}}]
    return "gemini.live", "generativelanguage.googleapis.com", \
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", list(ask), [(frames, stream)]


def realtime():
    text = {"id": "i1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "said A"}]}
    ask = [{"type": "conversation.item.create", "item": {
        "type": "message", "role": "user", "content": [{"type": "input_text", "text": "said U"}]}},
        {"type": "response.create"}]
    stream = [{"type": "response.created", "response": {"id": "r", "object": "realtime.response"}},
              {"type": "response.output_text.delta", "response_id": "r", "item_id": "i1", "output_index": 0,
               "content_index": 0, "delta": "said A"},
              {"type": "response.done", "response": {"id": "r", "object": "realtime.response", "status": "completed",
                                                     "output": [text], "usage": {"input_tokens": 1}}}]
    return "openai.realtime", "api.openai.com", "/v1/realtime?model=m", ask, [(frames, stream)]


def tgi():
    ask = {"inputs": "said U", "parameters": {"max_new_tokens": 5}}
    back = {"generated_text": "said A", "details": {"finish_reason": "length", "generated_tokens": 1}}
    stream = [{"token": {"id": 1, "text": "said A", "special": False}},
              {"token": {"id": 2, "text": "", "special": True}, "generated_text": "said A",
               "details": {"finish_reason": "length", "generated_tokens": 1}}]
    return "unknown", "localhost:8080", "/generate", ask, [(whole, back), (sse, stream)]


def oracle():
    ask = {"servingMode": {"modelId": "m"}, "chatRequest": {"apiFormat": "GENERIC", "messages": [
        {"role": "SYSTEM", "content": [{"type": "TEXT", "text": "said S"}]},
        {"role": "USER", "content": [{"type": "TEXT", "text": "said U"}]},
        {"role": "ASSISTANT", "toolCalls": [{"id": "c1", "type": "FUNCTION", "name": "f", "arguments": '{"a":"said args"}'}]},
        {"role": "TOOL", "toolCallId": "c1", "content": [{"type": "TEXT", "text": "said R"}]}],
        "tools": [{"type": "FUNCTION", "name": "f", "description": "said D", "parameters": SCHEMA}]}}
    message = {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "said A"}],
               "toolCalls": [{"id": "c1", "type": "FUNCTION", "name": "f", "arguments": '{"a":"said args"}'}]}
    back = {"modelId": "m", "chatResponse": {"apiFormat": "GENERIC", "choices": [
        {"index": 0, "message": message, "finishReason": "stop"}], "usage": {"promptTokens": 1}}}
    return "unknown", "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/chat", ask, [
        (whole, back), (sse, [{"index": 0, "message": message}])]


def oracle_cohere():
    ask = {"servingMode": {"modelId": "m"}, "chatRequest": {
        "apiFormat": "COHERE", "message": "said U", "preambleOverride": "said S",
        "chatHistory": [{"role": "USER", "message": "said H"}],
        "tools": [{"name": "f", "description": "said D", "parameterDefinitions": {}}]}}
    back = {"modelId": "m", "chatResponse": {"apiFormat": "COHERE", "text": "said A", "finishReason": "COMPLETE",
            "toolCalls": [{"name": "f", "parameters": {"a": "said args"}}], "usage": {"promptTokens": 1}}}
    return "unknown", "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/chat", ask, [
        (whole, back), (sse, [{"apiFormat": "COHERE", "text": "said A"}])]


def sap():
    ask = {"config": {"modules": {"prompt_templating": {"model": {"name": "m", "params": {"n": 1}}, "prompt": {"template": [
        {"role": "system", "content": "said S"}, {"role": "user", "content": "said U"}]}}}}}
    choice = {"index": 0, "message": {"role": "assistant", "content": "said A"}, "finish_reason": "stop"}
    back = {"request_id": "r", "final_result": {"object": "chat.completion", "model": "m", "choices": [choice], "usage": {}}}
    piece = {"index": 0, "delta": {"content": "said A"}}
    return "unknown", "api.ai.prod.ml.hana.ondemand.com", "/v2/inference/deployments/d/v2/completion", ask, [
        (whole, back), (sse, [{"final_result": {"object": "chat.completion.chunk", "choices": [piece]}}])]


def cloudflare():
    ask = {"messages": [{"role": "user", "content": "said U"}]}
    back = {"result": {"response": "said A", "usage": {}}, "success": True, "errors": []}
    return "unknown", "api.cloudflare.com", "/client/v4/accounts/a/ai/run/@cf/m", ask, [
        (whole, back), (sse, [{"response": "said A"}])]


def dashscope():
    ask = {"model": "m", "input": {"messages": [{"role": "system", "content": "said S"}, {
        "role": "user", "content": [{"text": "said U"}]}]}, "parameters": {"tools": [TOOL]}}
    choice = {"finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": [{"text": "said A"}], "reasoning_content": "said T", "tool_calls": [CALL]}}
    back = {"output": {"choices": [choice]}, "usage": {"input_tokens": 1}, "request_id": "r"}
    return "dashscope.generation", "dashscope.aliyuncs.com", "/api/v1/services/aigc/text-generation/generation", ask, [
        (whole, back), (sse, [back, back])]


def cody():
    ask = {"model": "m", "messages": [{"speaker": "human", "text": "said U"}]}
    return "cody.completions", "sourcegraph.com", "/.api/completions/stream", ask, [
        (whole, {"completion": "said A", "stopReason": "x"}), (sse, [{"completion": "said "}, {"completion": "said A"}])]


def augment():
    ask = {"model": "m", "message": "said U", "chat_history": [{
        "request_message": "said H", "response_text": "said P",
        "request_nodes": [{"id": 1, "type": 0, "text_node": {"content": "said H"}}],
        "response_nodes": [{"id": 1, "type": 5, "tool_use": {"tool_use_id": "t", "tool_name": "f", "input_json": "{}"}}]}],
        "nodes": [{"id": 1, "type": 1, "tool_result_node": {"tool_use_id": "t", "content": "said R"}}],
        "tool_definitions": [{"name": "f", "description": "said D", "input_schema_json": "{}"}]}
    back = {"text": "said A", "nodes": [
        {"id": 1, "type": 5, "tool_use": {"tool_use_id": "t", "tool_name": "f", "input_json": '{"a":"said args"}'}},
        {"id": 2, "type": 8, "thinking": {"content": "said T"}}], "stop_reason": 1}
    return "augment.chat", "d1.api.augmentcode.com", "/chat-stream", ask, [(whole, back), (lines, [back, {"text": "said B"}])]


def kiro():
    ask = {"profileArn": "p", "conversationState": {
        "currentMessage": {"userInputMessage": {"content": "said U", "modelId": "m", "userInputMessageContext": {
            "tools": [{"toolSpecification": {"name": "f", "description": "said D", "inputSchema": {"json": SCHEMA}}}],
            "toolResults": [{"toolUseId": "t", "status": "success", "content": [{"text": "said R"}]}]}}},
        "history": [{"userInputMessage": {"content": "said H"}}, {"assistantResponseMessage": {
            "content": "said P", "toolUses": [{"toolUseId": "t", "name": "f", "input": {"a": "said Q"}}]}}]}}
    stream = [{"assistantResponseEvent": {"content": "said A"}}, {"reasoningContentEvent": {"text": "said T"}},
              {"toolUseEvent": {"toolUseId": "t", "name": "f", "input": '{"a":"said args"}'}},
              {"metadataEvent": {"tokenUsage": {"uncachedInputTokens": 1}}}, {"meteringEvent": {"unit": "credit"}}]
    return "kiro.generate", "q.us-east-1.amazonaws.com", "/generateAssistantResponse", ask, [(aws, stream)]


DIALECTS = [live, realtime, llama, embeddings, images, ocr, assistants, chat, responses, completions, anthropic,
            gemini, interactions, converse, prompt, titan, cohere, cohere_v1, ollama, ollama_generate, mcp,
            mcp_input, a2a, a2a_http, watsonx, listen, spoken, voice_agent, tgi, oracle, oracle_cohere, sap, cloudflare,
            dashscope, cody, augment, kiro, transcription, transcriber, anthropic_tools, sessions, anthropic_count,
            anthropic_batch, anthropic_complete, gemini_sources, gemini_count, gemini_embed, interactions_steps,
            converse_sources, rag, agent, cohere_sources, ollama_embed]

# Left out on purpose: (dialect and framing, place) -> reason.
AGAIN = "what begins a response or an item comes again, as a whole, when it ends"
LEFT_OUT = {
    ("responses, named", "answer.0.response"): AGAIN,
    ("responses, named", "answer.1.item"): AGAIN,
    ("responses, named", "answer.4.item"): AGAIN,
    ("realtime, frames", "answer.0.response"): AGAIN,
    ("cohere_v1, lines", "answer.3.response.tool_calls.0"): "the last line repeats the calls of the lines before",
}
# Not looked into: their content is kept whole, or says nothing of the model's words.
KEPT_WHOLE = ("usage", "usageMetadata", "meta", "parameters", "input_schema", "parameter_definitions", "properties")


def objects(v, path=()):
    """The paths of the objects in v."""
    if isinstance(v, dict):
        yield path
    items = v.items() if isinstance(v, dict) else enumerate(v) if isinstance(v, list) else ()
    for key, item in items:
        if key not in KEPT_WHOLE:
            yield from objects(item, path + (key,))


def planted(v, path, member):
    if not path:
        return {**v, **member}
    if isinstance(v, dict):
        return {k: planted(item, path[1:], member) if k == path[0] else item for k, item in v.items()}
    return [planted(item, path[1:], member) if i == path[0] else item for i, item in enumerate(v)]


def said(v):
    """The words of a record that are the model's or the user's."""
    return set(re.findall(r"said \w+", json.dumps(v)))


def has(v, mark):
    return mark in json.dumps(v)


class Exchanges:
    def __init__(self):
        self.file, self.rows = SpyFile(), []

    def add(self, dialect, place, path, host, ask, back):
        n = len(self.rows)
        path += ("&" if "?" in path else "?") + f"zz={n}"
        self.rows.append((dialect, place))
        if isinstance(ask, list):
            self.socket(n + 1, path, host, ask, back)
            return n
        self.file.connection(n + 1, [(WRITE, http(f"POST {path} HTTP/1.1", "application/json", json.dumps(ask).encode(),
                                                  f"Host: {host}\r\n")), (READ, back)], cut_whole)
        return n

    def socket(self, conn, path, host, sent, back):
        hello = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        masked = b""
        for e in sent:
            data = json.dumps(e).encode()
            size = bytes([len(data) | 128]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
            masked += b"\x81" + size + bytes(4) + data
        switched = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        self.file.connection(conn, [(WRITE, hello.encode()), (READ, switched), (WRITE, masked), (READ, back)], cut_whole)

    def played(self):
        r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=self.file.bytes(), capture_output=True)
        ok(r.returncode == 0, "it is played", r.stderr)
        records = {}
        for line in r.stdout.splitlines():
            v = json.loads(line)
            n = int(v["http"]["target"].partition("zz=")[2])
            # Of a WebSocket, the call rather than what stands beside it.
            if n not in records or v["kind"] == "llm":
                records[n] = v
        return records


def member(n):
    return {f"zz_marker_{n}": {"deep": f"MARK-{n}-"}}


all_of = Exchanges()
plan = []  # (api, number without, [numbers with])
for make in DIALECTS:
    api, host, path, ask, answers = make()
    for framing, back in answers:
        name = f"{make.__name__}, {framing.__name__}"
        without = all_of.add(name, None, path, host, ask, framing(back))
        group = []
        for at in objects(ask) if framing is answers[0][0] else ():
            place = ".".join(map(str, ("request",) + at))
            group.append(all_of.add(name, place, path, host, planted(ask, at, member(len(all_of.rows))), framing(back)))
        for at in objects(back):
            # An event of AWS is named by its only member.
            if framing is aws and len(at) == 1:
                continue
            place = ".".join(map(str, ("answer",) + at))
            group.append(all_of.add(name, place, path, host, ask,
                                    framing(planted(back, at, member(len(all_of.rows))))))
        plan.append((api, without, group))

records = all_of.played()
for api, without, group in plan:
    name, _ = all_of.rows[without]
    bare = records.get(without, {})
    ok(bare.get("api") == api and said(bare), f"{name}: is {api}", (bare.get("api"), said(bare)))
    lost, changed = [], []
    for n in group:
        place, v = all_of.rows[n][1], records.get(n, {})
        if has(v, f"MARK-{n}-") == ((name, place) in LEFT_OUT):
            lost.append(place)  # or no exception any more
        if v.get("api") != api or not said(bare) <= said(v):
            changed.append(f"{place}: {v.get('api')} {sorted(said(bare) - said(v))}")
    ok(not lost, f"{name}: {len(group)} invented members are on the record", "\n".join(lost))
    ok(not changed, f"{name}: what is known is read as before", "\n".join(changed))

done()
