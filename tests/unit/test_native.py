#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Calls in the native forms of providers, and what only looks like one.

Each form is played whole and as a stream. The record must have its model, prompt, system prompt, answer, reason to
stop and token counts. What is sent to a known provider in a form that nobody knows is a call if it carries a prompt;
telemetry, logins and uploads are none."""
import base64
import json
import os
import struct
import subprocess
import sys
import zlib

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_random, cut_whole  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")


# ---- framings of an answer ----

def http(start, media, body, more=""):
    return f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answer(media, body):
    return http("HTTP/1.1 200 OK", media, body)


def whole(v):
    return answer("application/json", json.dumps(v).encode())


def sse(events):
    return answer("text/event-stream", b"".join(f"data: {json.dumps(e)}\n\n".encode() for e in events))


def sse_done(events):
    return answer("text/event-stream", b"".join(f"data: {json.dumps(e)}\n\n".encode() for e in events) +
                  b"data: [DONE]\n\n")


def named(events):
    """(name, value) each."""
    return answer("text/event-stream", b"".join(f"event: {n}\ndata: {json.dumps(e)}\n\n".encode() for n, e in events))


def numbered(events):
    """As DashScope's."""
    return answer("text/event-stream;charset=UTF-8", b"".join(
        f"id:{n}\nevent:result\n:HTTP_STATUS/200\ndata:{json.dumps(e)}\n\n".encode() for n, e in enumerate(events, 1)))


def lines(events):
    return answer("application/json", b"".join(json.dumps(e).encode() + b"\n" for e in events))


def aws_frame(name, data):
    def header(name, value):
        return bytes([len(name)]) + name + b"\x07" + struct.pack(">H", len(value)) + value

    heads = header(b":event-type", name.encode()) + header(b":message-type", b"event")
    prelude = struct.pack(">II", len(heads) + len(data) + 16, len(heads))
    out = prelude + struct.pack(">I", zlib.crc32(prelude)) + heads + data
    return out + struct.pack(">I", zlib.crc32(out))


def aws(events):
    return answer("application/vnd.amazon.eventstream", b"".join(aws_frame(n, json.dumps(e).encode()) for n, e in events))


def parts(text, size=11):
    """SageMaker's: bytes of the container's answer, cut anywhere."""
    data = text.encode()
    return answer("application/vnd.amazon.eventstream",
                  b"".join(aws_frame("PayloadPart", data[i:i + size]) for i in range(0, len(data), size)))


# ---- forms ----

S, U, A = "Be brief.", "How are you?", "Fine, thanks."
PIECES = ["Fine", ", ", "thanks", "."]
SO_FAR = ["".join(PIECES[:n]) for n in range(1, 5)]
CHAT = [{"role": "system", "content": S}, {"role": "user", "content": U}]
COUNTS = {"input": 7, "output": 4}
ALL = {"system": S, "user": U, "answer": A, "finish": "stop", "input": 7, "output": 4}


def usage(i="input_tokens", o="output_tokens", t="total_tokens"):
    return {i: 7, o: 4, t: 11}


def oci_generic():
    ask = {"compartmentId": "ocid1.compartment.x", "servingMode": {"modelId": "meta.llama-3.3", "servingType": "ON_DEMAND"},
           "chatRequest": {"apiFormat": "GENERIC", "maxTokens": 9, "isStream": True, "messages": [
               {"role": "SYSTEM", "content": [{"type": "TEXT", "text": S}]},
               {"role": "USER", "content": [{"type": "TEXT", "text": U}]}]}}
    message = {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": A}], "toolCalls": []}
    back = {"modelId": "meta.llama-3.3", "modelVersion": "1.0", "chatResponse": {
        "apiFormat": "GENERIC", "timeCreated": "t", "choices": [{"index": 0, "message": message, "finishReason": "stop"}],
        "usage": usage("promptTokens", "completionTokens", "totalTokens")}}
    stream = [{"index": 0, "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": p}]}} for p in PIECES] + [
        {"message": {"role": "ASSISTANT"}, "finishReason": "stop", "usage": usage("promptTokens", "completionTokens", "totalTokens")}]
    return "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/chat", ask, [
        (whole, back), (sse, stream)], {**ALL, "model": "meta.llama-3.3", "provider": "oci"}


def oci_cohere():
    ask = {"compartmentId": "ocid1.compartment.x", "servingMode": {"modelId": "cohere.command-a", "servingType": "ON_DEMAND"},
           "chatRequest": {"apiFormat": "COHERE", "message": U, "preambleOverride": S, "maxTokens": 9,
                           "chatHistory": [{"role": "USER", "message": "Hi."}, {"role": "CHATBOT", "message": "Hello."}]}}
    back = {"modelId": "cohere.command-a", "modelVersion": "1.7", "chatResponse": {
        "apiFormat": "COHERE", "text": A, "finishReason": "COMPLETE", "chatHistory": [
            {"role": "USER", "message": U}, {"role": "CHATBOT", "message": A}],
        "usage": usage("promptTokens", "completionTokens", "totalTokens")}}
    stream = [{"apiFormat": "COHERE", "text": p} for p in PIECES] + [
        {"apiFormat": "COHERE", "text": A, "finishReason": "COMPLETE", "chatHistory": [{"role": "USER", "message": U}],
         "usage": usage("promptTokens", "completionTokens", "totalTokens")}]
    return "inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com", "/20231130/actions/chat", ask, [
        (whole, back), (sse, stream)], {**ALL, "model": "cohere.command-a", "said": ["Hi.", "Hello."]}


def sap_v1():
    config = {"module_configurations": {
        "llm_module_config": {"model_name": "gpt-4o", "model_params": {"max_tokens": 9}},
        "templating_module_config": {"template": [CHAT[0], {"role": "user", "content": "{{?question}}"}]}}}
    ask = {"orchestration_config": config, "input_params": {"question": U}}
    choice = {"index": 0, "message": {"role": "assistant", "content": A}, "finish_reason": "stop"}
    result = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024",
              "choices": [choice], "usage": usage("prompt_tokens", "completion_tokens")}
    back = {"request_id": "r1", "module_results": {"templating": CHAT, "llm": result}, "orchestration_result": result}
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024"}
    stream = [{"request_id": "r1", "module_results": {"templating": CHAT}, "orchestration_result": {**chunk, "choices": []}}]
    for p in PIECES:
        r = {**chunk, "choices": [{"index": 0, "delta": {"content": p}}]}
        stream.append({"request_id": "r1", "module_results": {"llm": r}, "orchestration_result": r})
    r = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": result["usage"]}
    stream.append({"request_id": "r1", "module_results": {"llm": r}, "orchestration_result": r})
    return "api.ai.prod.eu-central-1.aws.ml.hana.ondemand.com", "/v2/inference/deployments/d1/completion", ask, [
        (whole, back), (sse_done, stream)], {**ALL, "model": "gpt-4o", "provider": "sap"}


def sap_v2():
    ask = {"config": {"modules": {"prompt_templating": {
        "prompt": {"template": [CHAT[0], {"role": "user", "content": [{"type": "text", "text": U}]}]},
        "model": {"name": "gpt-4o", "params": {"max_tokens": 9}}}}, "stream": {"enabled": True}}}
    choice = {"index": 0, "message": {"role": "assistant", "content": A}, "finish_reason": "stop"}
    result = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024",
              "choices": [choice], "usage": usage("prompt_tokens", "completion_tokens")}
    back = {"request_id": "r1", "intermediate_results": {"templating": CHAT, "llm": result}, "final_result": result}
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024"}
    stream = []
    for p in PIECES:
        r = {**chunk, "choices": [{"index": 0, "delta": {"content": p}}]}
        stream.append({"request_id": "r1", "intermediate_results": {"llm": r}, "final_result": r})
    r = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": result["usage"]}
    stream.append({"request_id": "r1", "final_result": r})
    return "api.ai.prod.eu-central-1.aws.ml.hana.ondemand.com", "/v2/inference/deployments/d1/v2/completion", ask, [
        (whole, back), (sse_done, stream)], {**ALL, "model": "gpt-4o"}


def cloudflare():
    counts = usage("prompt_tokens", "completion_tokens")
    back = {"result": {"response": A, "usage": counts}, "success": True, "errors": [], "messages": []}
    stream = [{"response": p, "p": "abc"} for p in PIECES] + [{"response": "", "usage": counts}]
    return "api.cloudflare.com", "/client/v4/accounts/acc/ai/run/@cf/meta/llama-3.1-8b-instruct", {
        "messages": CHAT, "stream": True}, [(whole, back), (sse_done, stream)], {
        **ALL, "finish": "none", "model": "@cf/meta/llama-3.1-8b-instruct", "provider": "cloudflare"}


def cloudflare_prompt():
    back = {"result": {"response": A}, "success": True, "errors": [], "messages": []}
    return "api.cloudflare.com", "/client/v4/accounts/acc/ai/run/@cf/mistral/mistral-7b", {"prompt": U}, [(whole, back)], {
        "user": U, "answer": A, "model": "@cf/mistral/mistral-7b"}


def tgi():
    details = {"finish_reason": "eos_token", "generated_tokens": 4, "input_length": 7, "seed": None,
               "prefill": [], "tokens": [{"id": 1, "text": p, "logprob": -0.5, "special": False} for p in PIECES]}
    back = {"generated_text": A, "details": details}
    stream = [{"index": n, "token": {"id": n, "text": p, "logprob": -0.5, "special": False}, "generated_text": None,
               "details": None} for n, p in enumerate(PIECES)]
    stream.append({"index": 9, "token": {"id": 2, "text": "</s>", "logprob": 0, "special": True}, "generated_text": A,
                   "details": {"finish_reason": "eos_token", "generated_tokens": 4, "input_length": 7, "seed": None}})
    return "tgi.internal:8080", "/generate", {"inputs": U, "parameters": {"max_new_tokens": 9, "details": True}}, [
        (whole, back)], {**ALL, "system": None}, ("/generate_stream", [(sse, stream)])


def tgi_root():
    """TGI's `/` answers with a list."""
    return "xyz.us-east-1.aws.endpoints.huggingface.cloud", "/", {"inputs": U, "parameters": {"max_new_tokens": 9}}, [
        (whole, [{"generated_text": A}])], {"user": U, "answer": A, "provider": "huggingface"}


def pipeline():
    return "router.huggingface.co", "/hf-inference/models/google/gemma-2/pipeline/text-generation", {
        "inputs": U, "parameters": {"return_full_text": False}}, [
        (whole, [{"generated_text": A}])], {"user": U, "answer": A, "model": "google/gemma-2"}


def pipeline_old():
    return "api-inference.huggingface.co", "/models/facebook/bart-large-cnn", {"inputs": U}, [
        (whole, [{"summary_text": A}])], {"user": U, "answer": A, "model": "facebook/bart-large-cnn"}


def pipeline_chat():
    said = [{"role": "user", "content": U}, {"role": "assistant", "content": A}]
    return "xyz.endpoints.huggingface.cloud", "/", {"inputs": CHAT}, [(whole, [{"generated_text": said}])], {
        "system": S, "user": U, "answer": A}


def translation():
    return "api-inference.huggingface.co", "/models/t5-small", {"inputs": [U, "And you?"]}, [
        (whole, [{"translation_text": A}])], {"user": "And you?", "said": [U], "answer": A, "model": "t5-small"}


def sagemaker():
    tokens = "".join("data:" + json.dumps({"token": {"id": 1, "text": p, "special": False}, "generated_text": None}) + "\n\n"
                     for p in PIECES)
    tokens += "data:" + json.dumps({"token": {"id": 2, "text": "</s>", "special": True}, "generated_text": A, "details": {
        "finish_reason": "eos_token", "generated_tokens": 4, "input_length": 7}}) + "\n\n"
    return "runtime.sagemaker.us-east-1.amazonaws.com", "/endpoints/llama-3/invocations", {
        "inputs": U, "parameters": {"max_new_tokens": 9}}, [(whole, [{"generated_text": A}])], {
        "user": U, "answer": A, "model": "llama-3", "provider": "sagemaker"}, (
        "/endpoints/llama-3/invocations-response-stream", [(parts, tokens)])


def sagemaker_chat():
    """The container speaks OpenAI's chat, as vLLM and DJL do."""
    back = {"id": "c", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": A}, "finish_reason": "stop"}],
        "usage": usage("prompt_tokens", "completion_tokens")}
    chunks = "".join("data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [
        {"index": 0, "delta": {"content": p}}]}) + "\n\n" for p in PIECES)
    chunks += "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": back["usage"]}) + "\n\ndata: [DONE]\n\n"
    return "runtime.sagemaker.us-east-1.amazonaws.com", "/endpoints/chat-1/invocations", {
        "messages": CHAT, "max_tokens": 9}, [(whole, back)], {**ALL, "model": "chat-1"}, (
        "/endpoints/chat-1/invocations-response-stream", [(parts, chunks)])


def sagemaker_lines():
    """JSON lines, as of LMI: {"outputs": [...]} pieces."""
    text = "".join(json.dumps({"outputs": [p]}) + "\n" for p in PIECES)
    return "runtime.sagemaker.us-east-1.amazonaws.com", "/endpoints/lmi/invocations-response-stream", {"inputs": U}, [
        (parts, text)], {"user": U, "answer": A, "model": "lmi"}


def llama():
    end = {"content": "", "stop": True, "model": "qwen.gguf", "tokens_predicted": 4, "tokens_evaluated": 7, "stop_type": "eos",
           "stopping_word": "", "truncated": False, "timings": {"prompt_n": 7, "predicted_n": 4}}
    stream = [{"index": 0, "content": p, "tokens": [1], "stop": False, "id_slot": 0, "tokens_predicted": n,
               "tokens_evaluated": 7} for n, p in enumerate(PIECES)] + [end]
    return "localhost:8080", "/completion", {"prompt": U, "n_predict": 9, "stream": True}, [
        (whole, {**end, "content": A}), (sse, stream)], {**ALL, "system": None}


def llama_bare():
    return "localhost:8080", "/completion", {"prompt": U}, [
        (whole, {"content": A, "stop": True, "stop_type": "eos", "tokens_predicted": 4, "tokens_evaluated": 7})], {
        **ALL, "system": None}


def cloudflare_picture():
    return "api.cloudflare.com", "/client/v4/accounts/acc/ai/run/@cf/bfl/flux", {"prompt": U}, [
        (whole, {"result": {"image": base64.b64encode(b"picture").decode()}, "success": True})], {
        "user": U, "model": "@cf/bfl/flux", "parts": [("image", 7)]}


def oci_vectors():
    return "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/embedText", {
        "inputs": [U], "servingMode": {"modelId": "cohere.embed"}}, [
        (whole, {"id": "e", "modelId": "cohere.embed", "embeddings": [[0.5] * 99]})], {
        "user": U, "model": "cohere.embed", "parts": []}


def infill():
    end = {"content": "", "stop": True, "model": "qwen.gguf", "tokens_predicted": 4, "tokens_evaluated": 7, "stop_type": "limit",
           "stopping_word": "", "truncated": False, "timings": {"prompt_n": 7, "predicted_n": 4}}
    stream = [{"index": 0, "content": p, "stop": False} for p in PIECES] + [end]
    return "localhost:8012", "/infill", {"input_prefix": U, "input_suffix": "\n}", "n_predict": 9, "stream": True,
                                         "input_extra": [{"filename": "a.c", "text": "int a;"}]}, [
        (whole, {**end, "content": A}), (sse, stream)], {**ALL, "system": None, "finish": "length", "user": U + "\n}", "said": ["\n}", "int a;"]}


def deepinfra():
    back = {"request_id": "r", "inference_status": {"status": "succeeded", "runtime_ms": 5, "cost": 0.0001,
            "tokens_generated": 4, "tokens_input": 7}, "results": [{"generated_text": A}],
            "num_tokens": 4, "num_input_tokens": 7}
    stream = [{"token": {"id": 1, "text": p, "logprob": 0, "special": False}, "generated_text": None, "details": None}
              for p in PIECES]
    stream.append({"token": {"id": 2, "text": "</s>", "special": True}, "generated_text": A, "details": {
        "finish_reason": "stop"}, "num_output_tokens": 4, "num_input_tokens": 7})
    return "api.deepinfra.com", "/v1/inference/meta-llama/Llama-3", {"input": U, "stream": True}, [
        (whole, back), (sse, stream)], {"user": U, "answer": A, "model": "meta-llama/Llama-3", **COUNTS, "provider": "deepinfra"}


def oci_text():
    """The older generateText."""
    ask = {"compartmentId": "c", "servingMode": {"modelId": "meta.llama-3"}, "inferenceRequest": {
        "runtimeType": "LLAMA", "prompt": U, "maxTokens": 9}}
    back = {"modelId": "meta.llama-3", "inferenceResponse": {"runtimeType": "LLAMA", "choices": [
        {"index": 0, "text": A, "finishReason": "stop"}]}}
    cohere = {"modelId": "cohere.command", "inferenceResponse": {"runtimeType": "COHERE", "generatedTexts": [
        {"id": "g", "text": A, "finishReason": "stop"}]}}
    return "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/generateText", ask, [
        (whole, back), (whole, cohere)], {"user": U, "answer": A, "model": "meta.llama-3", "finish": "stop"}


def pipeline_lists():
    return "api-inference.huggingface.co", "/models/gpt2", {"inputs": [U]}, [(whole, [[{"generated_text": A}]])], {
        "user": U, "answer": A, "model": "gpt2"}


def pipeline_question():
    return "api-inference.huggingface.co", "/models/deepset/roberta", {"inputs": {"question": U, "context": "It is warm."}}, [
        (whole, {"answer": A, "score": 0.5, "start": 0, "end": 3})], {"user": U, "answer": A, "model": "deepset/roberta"}


WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
CALLED = {"user": U, "tool": "get_weather", "call": ("call_1", "get_weather", '{"city":"Bonn"}')}


def oci_call():
    ask = {"servingMode": {"modelId": "m"}, "chatRequest": {"apiFormat": "GENERIC", "messages": [
        {"role": "USER", "content": [{"type": "TEXT", "text": U}]}],
        "tools": [{"type": "FUNCTION", "name": "get_weather", "parameters": {"type": "object"}}]}}

    def of(arguments, **more):
        return {"index": 0, **more, "message": {"role": "ASSISTANT", "toolCalls": [
            {"id": "call_1", "type": "FUNCTION", "name": "get_weather", "arguments": arguments}]}}
    back = {"modelId": "m", "chatResponse": {"apiFormat": "GENERIC", "choices": [
        of('{"city":"Bonn"}', finishReason="tool_calls")]}}
    stream = [of('{"city"'), {"message": {"toolCalls": [{"arguments": ':"Bonn"}'}]}}, {"finishReason": "tool_calls"}]
    return "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/chat", ask, [
        (whole, back), (sse, stream)], {**CALLED, "model": "m", "finish": "tool_call"}


def oci_cohere_call():
    ask = {"servingMode": {"modelId": "m"}, "chatRequest": {"apiFormat": "COHERE", "message": U, "tools": [
        {"name": "get_weather", "description": "d", "parameterDefinitions": {"city": {"type": "str"}}}]}}
    back = {"modelId": "m", "chatResponse": {"apiFormat": "COHERE", "text": "", "finishReason": "COMPLETE", "toolCalls": [
        {"name": "get_weather", "parameters": {"city": "Bonn"}}]}}
    return "inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/chat", ask, [(whole, back)], {
        **CALLED, "call": (None, "get_weather", '{"city":"Bonn"}')}


def cloudflare_call():
    back = {"result": {"response": None, "tool_calls": [{"name": "get_weather", "arguments": {"city": "Bonn"}}]},
            "success": True, "errors": [], "messages": []}
    return "gateway.ai.cloudflare.com", "/v1/acc/gw/workers-ai/@cf/meta/llama-4", {"messages": CHAT, "tools": [WEATHER]}, [
        (whole, back)], {**CALLED, "call": (None, "get_weather", '{"city":"Bonn"}'), "system": S, "model": "@cf/meta/llama-4",
                         "provider": "cloudflare"}


def sap_call():
    ask = {"config": {"modules": {"prompt_templating": {"prompt": {"template": CHAT, "tools": [WEATHER]}, "model": {
        "name": "gpt-4o"}}}}}
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Bonn"}'}}
    back = {"request_id": "r", "final_result": {"id": "c", "object": "chat.completion", "model": "gpt-4o", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "", "tool_calls": [call]}, "finish_reason": "tool_calls"}]}}
    first = {"index": 0, **call, "function": {"name": "get_weather", "arguments": '{"city"'}}
    stream = [{"final_result": {"choices": [{"index": 0, "delta": {"tool_calls": [c]}}]}}
              for c in (first, {"index": 0, "function": {"arguments": ':"Bonn"}'}})]
    stream.append({"final_result": {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}})
    return "api.ai.prod.ml.hana.ondemand.com", "/v2/inference/deployments/d/v2/completion", ask, [
        (whole, back), (sse, stream)], {**CALLED, "system": S, "model": "gpt-4o", "finish": "tool_call"}


def sagemaker_jumpstart():
    return "runtime.sagemaker.us-east-1.amazonaws.com", "/endpoints/js/invocations", {"instances": [{"prompt": U}]}, [
        (whole, [{"generation": {"role": "assistant", "content": A}}]), (whole, {"generated_texts": [A]}),
        (whole, {"predictions": [A]})], {"user": U, "answer": A, "model": "js"}


def amazon_q_completion():
    return "codewhisperer.us-east-1.amazonaws.com", "/", {"fileContext": {
        "leftFileContent": U, "rightFileContent": "}", "filename": "a.c"}, "maxResults": 1}, [
        (whole, {"completions": [{"content": A, "references": []}], "nextToken": ""})], {"user": U, "answer": A}


def cody():
    ask = {"model": "anthropic::2024::claude", "maxTokensToSample": 9, "messages": [
        {"speaker": "system", "text": S}, {"speaker": "human", "text": U}], "temperature": 0.2}
    so_far = [("completion", {"completion": t, "stopReason": ""}) for t in SO_FAR] + [
        ("completion", {"completion": A, "stopReason": "end_turn"}), ("done", {})]
    deltas = [("completion", {"deltaText": t}) for t in PIECES] + [
        ("completion", {"deltaText": "", "stopReason": "end_turn"}), ("done", {})]
    return "sourcegraph.com", "/.api/completions/stream?api-version=8", ask, [(named, so_far), (named, deltas)], {
        **ALL, "input": None, "output": None, "model": "anthropic::2024::claude", "provider": "cody"}


def dashscope():
    ask = {"model": "qwen-plus", "input": {"messages": CHAT}, "parameters": {"result_format": "text", "max_tokens": 9}}
    back = {"output": {"text": A, "finish_reason": "stop"}, "usage": usage(), "request_id": "r"}
    so_far = [{"output": {"text": t, "finish_reason": "null"}, "usage": {**usage(), "output_tokens": n}, "request_id": "r"}
              for n, t in enumerate(SO_FAR)] + [back]
    pieces = [{"output": {"text": t, "finish_reason": "null"}, "usage": {**usage(), "output_tokens": n}, "request_id": "r"}
              for n, t in enumerate(PIECES)] + [{**back, "output": {"text": "", "finish_reason": "stop"}}]
    return "dashscope.aliyuncs.com", "/api/v1/services/aigc/text-generation/generation", ask, [
        (whole, back), (numbered, so_far), (numbered, pieces)], {**ALL, "model": "qwen-plus", "provider": "alibaba"}


def dashscope_chat(incremental):
    ask = {"model": "qwen-plus", "input": {"messages": CHAT}, "parameters": {
        "result_format": "message", "incremental_output": incremental, "enable_thinking": True}}

    def of(text, thought, end="null"):
        return {"output": {"choices": [{"finish_reason": end, "message": {
            "role": "assistant", "content": text, "reasoning_content": thought}}]}, "usage": usage(), "request_id": "r"}
    texts = PIECES if incremental else SO_FAR
    # Tokens that repeat, as 1 and 11 do, tell nothing apart.
    thoughts = ["1", "1", "1"] if incremental else ["1", "11", "111"]
    stream = [of("", t) for t in thoughts] + [of(t, "" if incremental else "111") for t in texts]
    stream.append(of("" if incremental else A, "" if incremental else "111", "stop"))
    return "dashscope-intl.aliyuncs.com", "/api/v1/services/aigc/text-generation/generation", ask, [
        (whole, of(A, "111", "stop")), (numbered, stream)], {**ALL, "model": "qwen-plus", "thought": "111"}


def dashscope_pieces():
    return dashscope_chat(True)


def dashscope_so_far():
    return dashscope_chat(False)


def dashscope_seen():
    """Multimodal: contents are lists."""
    def of(text, end):
        return {"output": {"choices": [{"finish_reason": end, "message": {"role": "assistant", "content": [
            {"text": text}] if text else []}}]}, "usage": {**usage(), "image_tokens": 3}, "request_id": "r"}
    ask = {"model": "qwen-vl-max", "input": {"messages": [
        {"role": "system", "content": [{"text": S}]},
        {"role": "user", "content": [{"image": "https://x.example/a.png"}, {"text": U}]}]}}
    return "dashscope.aliyuncs.com", "/api/v1/services/aigc/multimodal-generation/generation", ask, [
        (whole, of(A, "stop")), (numbered, [of(t, "null") for t in SO_FAR] + [of(A, "stop")])], {
        **ALL, "model": "qwen-vl-max", "said": ["https://x.example/a.png"]}


def dashscope_tools():
    def of(so_far, end):
        return {"output": {"choices": [{"finish_reason": end, "message": {"role": "assistant", "content": "", "tool_calls": [
            {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": so_far}}]}}]},
            "usage": usage(), "request_id": "r"}
    arguments = '{"city": "Bonn"}'
    ask = {"model": "qwen-plus", "input": {"prompt": U}, "parameters": {"result_format": "message", "tools": [
        {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]}}
    return "dashscope.aliyuncs.com", "/api/v1/services/aigc/text-generation/generation", ask, [
        (whole, of(arguments, "tool_calls")),
        (numbered, [of(arguments[:n], "null") for n in (3, 9, 16)] + [of(arguments, "tool_calls")])], {
        "user": U, "model": "qwen-plus", "finish": "tool_call", "call": ("call_1", "get_weather", arguments),
        "tool": "get_weather", **COUNTS}


def baidu():
    counts = usage("prompt_tokens", "completion_tokens")
    back = {"id": "as-1", "object": "chat.completion", "created": 1, "result": A, "is_truncated": False,
            "need_clear_history": False, "finish_reason": "normal", "usage": counts}
    stream = [{"id": "as-1", "object": "chat.completion", "sentence_id": n, "is_end": False, "result": p, "usage": counts}
              for n, p in enumerate(PIECES)] + [{"id": "as-1", "object": "chat.completion", "sentence_id": 9, "is_end": True,
                                                 "result": "", "finish_reason": "normal", "usage": counts}]
    return "aip.baidubce.com", "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/ernie-4.0?access_token=x", {
        "messages": [CHAT[1]], "system": S, "stream": True}, [(whole, back), (sse, stream)], {
        **ALL, "model": "ernie-4.0", "provider": "baidu"}


def auggie():
    ask = {"model": "claude-sonnet-4", "message": U, "system_prompt": S, "mode": "CLI_AGENT", "chat_history": [
        {"request_message": "Hi.", "response_text": "Hello.", "request_id": "q1", "request_nodes": [], "response_nodes": []}],
        "nodes": [{"id": 1, "type": 0, "text_node": {"content": U}}],
        "tool_definitions": [{"name": "view", "description": "Views.", "input_schema_json": '{"type":"object"}'}]}
    stream = [{"text": p, "nodes": [{"id": 1, "type": 0, "content": p}]} for p in PIECES] + [
        {"text": "", "nodes": [{"id": 2, "type": 5, "content": "", "tool_use": {
            "tool_use_id": "toolu_1", "tool_name": "view", "input_json": '{"path":"a"}'}}]},
        {"text": "", "nodes": [{"id": 3, "type": 10, "token_usage": {"input_tokens": 7, "output_tokens": 4}}],
         "stop_reason": 3}]
    return "d5.api.augmentcode.com", "/chat-stream", ask, [(lines, stream)], {
        "system": S, "user": U, "said": ["Hi.", "Hello."], "answer": A, "model": "claude-sonnet-4", "finish": "tool_call",
        "call": ("toolu_1", "view", '{"path":"a"}'), "tool": "view", **COUNTS, "provider": "augment"}


def kiro():
    ask = {"profileArn": "arn:aws:codewhisperer:us-east-1:1:profile/P", "conversationState": {
        "chatTriggerType": "MANUAL", "conversationId": "c1",
        "currentMessage": {"userInputMessage": {"content": U, "modelId": "claude-sonnet-4.5", "origin": "AI_EDITOR",
                           "userInputMessageContext": {"tools": [{"toolSpecification": {
                               "name": "fs_read", "description": "Reads.", "inputSchema": {"json": {"type": "object"}}}}],
                               "toolResults": [{"toolUseId": "t0", "status": "success", "content": [{"text": "result 0"}]}]}}},
        "history": [{"userInputMessage": {"content": "Hi.", "modelId": "claude-sonnet-4.5", "origin": "AI_EDITOR"}},
                    {"assistantResponseMessage": {"content": "Hello.", "toolUses": [
                        {"toolUseId": "t0", "name": "fs_read", "input": {"path": "b"}}]}}]}}
    stream = [("messageMetadataEvent", {"conversationId": "c1"})] + [
        ("assistantResponseEvent", {"content": p}) for p in PIECES] + [
        ("toolUseEvent", {"toolUseId": "t1", "name": "fs_read"}),
        ("toolUseEvent", {"toolUseId": "t1", "name": "fs_read", "input": '{"path"'}),
        ("toolUseEvent", {"toolUseId": "t1", "name": "fs_read", "input": ':"a"}'}),
        ("toolUseEvent", {"toolUseId": "t1", "name": "fs_read", "stop": True}),
        ("metadataEvent", {"tokenUsage": {"uncachedInputTokens": 7, "outputTokens": 4, "totalTokens": 11}}),
        ("meteringEvent", {"unit": "credit", "unitPlural": "credits", "usage": 0.02}),
        ("contextUsageEvent", {"contextUsagePercentage": 1.5})]
    return "q.us-east-1.amazonaws.com", "/generateAssistantResponse", ask, [(aws, stream)], {
        "user": U, "said": ["Hi.", "Hello.", "result 0", '{"path":"b"}'], "answer": A, "model": "claude-sonnet-4.5",
        "call": ("t1", "fs_read", '{"path":"a"}'), "tool": "fs_read", **COUNTS, "provider": "kiro"}


def agent_stream():
    def trace(**step):
        return ("trace", {"agentId": "A", "agentAliasId": "B", "agentVersion": "1", "sessionId": "s", "eventTime": "t",
                          "callerChain": [{"agentAliasArn": "arn"}], "trace": {"orchestrationTrace": step}})

    def model(n_in, n_out):
        return trace(modelInvocationOutput={"metadata": {"usage": {"inputTokens": n_in, "outputTokens": n_out}},
                                            "rawResponse": {"content": "{}"}, "traceId": "t"})
    return [trace(modelInvocationInput={"foundationModel": "anthropic.claude-3-5-sonnet-20240620-v1:0", "text": "{}", "traceId": "t"}),
            model(3, 1), trace(rationale={"text": "I look.", "traceId": "t"}),
            trace(invocationInput={"invocationType": "ACTION_GROUP", "traceId": "t", "actionGroupInvocationInput": {
                "actionGroupName": "g", "function": "find", "executionType": "RETURN_CONTROL"}}),
            model(4, 3), trace(observation={"type": "FINISH", "traceId": "t", "finalResponse": {"text": A, "metadata": {}}})] + [
        ("chunk", {"bytes": base64.b64encode(p.encode()).decode()}) for p in PIECES] + [
        ("returnControl", {"invocationId": "i1", "invocationInputs": [{"functionInvocationInput": {
            "actionGroup": "g", "function": "find", "parameters": [{"name": "a", "type": "string", "value": "b"}]}}]})]


HANDED_OVER = ("i1", "find", '{"actionGroup":"g","function":"find","parameters":[{"name":"a","type":"string","value":"b"}]}')
RETURNED = {"returnControlInvocationResults": [{"functionResult": {"actionGroup": "g", "function": "find", "responseBody": {"TEXT": {"body": "result 0"}}}}],
            "invocationId": "i0", "conversationHistory": {"messages": [
                {"role": "user", "content": [{"text": "Hi."}]}, {"role": "assistant", "content": [{"text": "Hello."}]}]}}


def bedrock_agent():
    ask = {"inputText": U, "enableTrace": True, "sessionState": RETURNED}
    return "bedrock-agent-runtime.us-east-1.amazonaws.com", "/agents/A/agentAliases/B/sessions/s/text", ask, [(aws, agent_stream())], {
        "user": U, "said": ["Hi.", "Hello.", "result 0"], "answer": A, "thought": "I look.", "call": HANDED_OVER, "finish": "tool_call",
        **COUNTS, "provider": "bedrock"}


def bedrock_inline_agent():
    ask = {"inputText": U, "instruction": S, "foundationModel": "anthropic.claude-3-5-sonnet-20240620-v1:0", "inlineSessionState": RETURNED,
           "actionGroups": [{"actionGroupName": "g", "functionSchema": {"functions": [{"name": "find", "description": "Finds.", "parameters": {
               "a": {"type": "string"}}}]}}]}
    return "bedrock-agent-runtime.us-east-1.amazonaws.com", "/agents/s", ask, [(aws, agent_stream())], {
        "system": S, "user": U, "said": ["Hi.", "Hello.", "result 0"], "answer": A, "thought": "I look.", "call": HANDED_OVER, "tool": "find",
        "model": "anthropic.claude-3-5-sonnet-20240620-v1:0", **COUNTS, "provider": "bedrock"}


def databricks():
    back = {"id": "c", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": A}, "finish_reason": "stop"}],
        "usage": usage("prompt_tokens", "completion_tokens")}
    return "databricks.corp.example", "/serving-endpoints/claude-x/invocations", {"messages": CHAT}, [(whole, back)], {
        **ALL, "model": "claude-x", "provider": "databricks"}


def databricks_gateway():
    back = {"id": "c", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": A}, "finish_reason": "stop"}],
        "usage": usage("prompt_tokens", "completion_tokens")}
    return "dbx.corp.example", "/ai-gateway/mlflow/v1/chat/completions", {"model": "m", "messages": CHAT}, [
        (whole, back)], {**ALL, "model": "m", "provider": "databricks"}


def snowflake():
    back = {"choices": [{"message": {"content": A}}], "usage": usage("prompt_tokens", "completion_tokens")}
    stream = [{"choices": [{"delta": {"type": "text", "content": p}}], "usage": {}} for p in PIECES] + [
        {"choices": [{"delta": {}}], "usage": usage("prompt_tokens", "completion_tokens")}]
    return "snow.corp.example", "/api/v2/cortex/inference:complete", {"model": "claude-4", "messages": CHAT}, [
        (whole, back), (sse, stream)], {**ALL, "finish": "none", "model": "claude-4", "provider": "snowflake"}


FORMS = [llama_bare, cloudflare_picture, oci_vectors, oci_call, oci_cohere_call, cloudflare_call, sap_call, sagemaker_jumpstart, amazon_q_completion,
         oci_text, pipeline_lists, pipeline_question, oci_generic, oci_cohere, sap_v1, sap_v2, cloudflare, cloudflare_prompt, tgi, tgi_root, pipeline, pipeline_old,
         pipeline_chat, translation, sagemaker, sagemaker_chat, sagemaker_lines, llama, infill, deepinfra, cody, dashscope,
         dashscope_pieces, dashscope_so_far, dashscope_seen, dashscope_tools, baidu, auggie, kiro, bedrock_agent, bedrock_inline_agent, databricks,
         databricks_gateway, snowflake]

# ---- forms that nobody knows: host, path, body, its prompt ----
PROMPT = "Tell me of the sea."
INVENTED = [
    ("api.openai.com", "/v9/dream", {"prompt": PROMPT}),
    ("api.mistral.ai", "/v7/compose", {"model": "m", "input": PROMPT}),
    ("api.groq.com", "/x", {"settings": {"messages": [{"role": "user", "content": PROMPT}]}}),
    ("api.venice.ai", "/brand/new", {"job": {"prompt": PROMPT, "style": "terse"}}),
    ("ark.cn-beijing.volces.com", "/api/v9/ask", {"question": PROMPT, "temperature": 0.5}),
    ("api.reka.ai", "/v1/talk", {"conversation": [{"role": "user", "content": [{"type": "text", "text": PROMPT}]}]}),
    ("acme.snowflakecomputing.com", "/api/v9/cortex/speak", {"prompt": PROMPT}),
    ("api.clarifai.com", "/v2/go", {"model_id": "m", "text": PROMPT}),
    ("api.poe.com", "/bot/x", {"query": [{"role": "user", "content": PROMPT}], "version": "1.1"}),
    ("api.kilo.ai", "/api/next", {"request": {"body": {"inputs": PROMPT}}}),
]

# ---- errors: host, path, request, status, header fields, answer, what is said of it ----
MESSAGES = {"messages": CHAT}
ERRORS = [
    ("aip.baidubce.com", "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/ernie", MESSAGES, 200, "",
     {"error_code": 110, "error_msg": "Access token invalid"}, (None, "110", "Access token invalid")),
    ("dashscope.aliyuncs.com", "/api/v1/services/aigc/text-generation/generation", {"model": "m", "input": MESSAGES}, 400, "",
     {"code": "InvalidParameter", "message": "Wrong.", "request_id": "r"}, (None, "InvalidParameter", "Wrong.")),
    ("api.cloudflare.com", "/client/v4/accounts/a/ai/run/@cf/m", MESSAGES, 400, "",
     {"success": False, "errors": [{"code": 5004, "message": "Wrong."}], "result": {}, "messages": []}, (None, "5004", "Wrong.")),
    ("tgi.internal", "/generate", {"inputs": U}, 422, "", {"error": "Too long.", "error_type": "validation"},
     ("validation", None, "Too long.")),
    ("runtime.sagemaker.us-east-1.amazonaws.com", "/endpoints/e/invocations", {"inputs": U}, 424,
     "x-amzn-errortype: ModelError\r\n", {"ErrorCode": "CLIENT_ERROR", "Message": "It failed.", "OriginalStatusCode": 503},
     ("ModelError", None, "It failed.")),
    ("q.us-east-1.amazonaws.com", "/generateAssistantResponse", {"conversationState": {"currentMessage": {
        "userInputMessage": {"content": U}}}}, 429, "x-amzn-errortype: ThrottlingException:\r\n",
     {"message": "Slow down.", "reason": None}, ("ThrottlingException", None, "Slow down.")),
    ("inference.generativeai.us-chicago-1.oci.oraclecloud.com", "/20231130/actions/chat", {"servingMode": {"modelId": "m"},
     "chatRequest": {"apiFormat": "COHERE", "message": U}}, 404, "", {"code": "404", "message": "No such model."},
     (None, "404", "No such model.")),
    ("api.ai.prod.ml.hana.ondemand.com", "/v2/inference/deployments/d/completion", {"config": {"modules": {
        "prompt_templating": {"prompt": {"template": CHAT}}}}}, 400, "",
     {"error": {"request_id": "r", "code": 400, "message": "Wrong.", "location": "LLM Module"}}, (None, "400", "Wrong.")),
    ("sourcegraph.com", "/.api/completions/stream", {"model": "m", "messages": [{"speaker": "human", "text": U}]}, 429, "",
     {"error": "Too many."}, (None, None, "Too many.")),
]

# ---- what carries none ----
NO_CALLS = [
    ("api.openai.com", "/v1/files", {"purpose": "batch", "filename": "a.jsonl", "bytes": 10}),
    ("api.openai.com", "/v1/traces/ingest", {"data": [{"object": "trace.span", "span_data": {
        "type": "generation", "model": "m", "input": [{"role": "user", "content": PROMPT}]}}]}),
    ("api.openai.com", "/v1/conversations", {"items": [{"type": "message", "role": "user", "content": PROMPT}]}),
    ("api.mistral.ai", "/v1/datasets", {"name": "d", "records": [{"role": "user", "content": PROMPT}]}),
    ("api.anthropic.com", "/api/event_logging/batch", {"events": [{"event_type": "e", "event_data": {"message": "hi"}}]}),
    ("api.anthropic.com", "/api/feedback", {"text": "It is good.", "rating": 5}),
    ("chatgpt.com", "/ces/v1/t", {"event": "click", "message": "pressed a button", "timestamp": 1}),
    ("api.githubcopilot.com", "/telemetry", {"level": "info", "message": "started", "text": "started"}),
    ("sourcegraph.com", "/.api/graphql", {"query": "query Q { currentUser { id } }", "variables": {}}),
    ("api.z.ai", "/auth/login", {"username": "u", "password": "p", "message": "sign me in"}),
    ("acme.cloud.databricks.com", "/api/2.0/sql/statements", {"statement": "select 1", "warehouse_id": "w"}),
    ("acme.snowflakecomputing.com", "/api/v2/statements", {"statement": "select 1", "timeout": 60}),
    ("api.cloudflare.com", "/client/v4/zones/z/purge_cache", {"files": ["https://x.example/a"], "comment": "text"}),
    ("ollama.com", "/api/pull", {"model": "llama3", "stream": True}),
    ("opencode.ai", "/api/share", {"sessionID": "s", "text": "shared"}),
    ("api.together.xyz", "/v1/fine-tunes", {"model": "m", "training_file": "file-1", "n_epochs": 3}),
    ("router.requesty.ai", "/v1/keys", {"name": "key", "input": "", "prompt": ""}),
    ("api.replicate.com", "/v1/models", {"owner": "o", "name": "n", "visibility": "public", "description": "text"}),
]


# How bodies ask for a stream.
ASKING = ('"stream": true', '"isStream": true', '"stream": {"enabled": true}')


# ---- playing ----

class Exchanges:
    def __init__(self, cut):
        self.file, self.count, self.cut = SpyFile(), 0, cut

    def add(self, host, path, ask, back, more=""):
        n = self.count
        self.count += 1
        path += ("&" if "?" in path else "?") + f"zz={n}"
        body = ask if isinstance(ask, bytes) else json.dumps(ask).encode()
        self.file.connection(n + 1, [(WRITE, http(f"POST {path} HTTP/1.1", "application/json", body, f"Host: {host}\r\n{more}")),
                                     (READ, back)], self.cut)
        return n

    def played(self):
        r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=self.file.bytes(), capture_output=True)
        ok(r.returncode == 0, "it is played", r.stderr)
        return {int(v["http"]["target"].partition("zz=")[2]): v for v in map(json.loads, r.stdout.splitlines())}


def texts(message, kind="text"):
    return "".join(p.get("text") or "" for p in message["parts"] if p["kind"] == kind)


def differs(v, want):
    """What of the record is not as expected: a list of words."""
    out = []

    def same(name, is_, should):
        if is_ != should:
            out.append(f"{name} is {is_!r}, not {should!r}")

    request, response = v.get("request") or {}, v.get("response") or {}
    choice = (response.get("choices") or [{"parts": [], "finish": None}])[0]
    same("kind", v["kind"], "llm")
    same("complete", v.get("complete"), True)
    same("answers", len(response.get("choices") or []), 1)
    same("error", v.get("error"), None)
    if "answer" in want:
        same("answer", texts(choice), want["answer"])
    if "thought" in want:
        same("thought", texts(choice, "reasoning"), want["thought"])
    messages = request.get("messages") or []
    if "user" in want:
        same("user", [texts(m) for m in messages if m["role"] == "user"][-1:], [want["user"]])
    if want.get("system"):
        system = [request["system"]] if request.get("system") else [m for m in messages if m["role"] == "system"]
        same("system", "".join(map(texts, system)), want["system"])
    for said in want.get("said", ()):
        if said not in [p.get("text") for m in messages for p in m["parts"]]:
            out.append(f"request lacks {said!r}")
    same("stream asked for", request.get("stream"), want["stream"] or v["api"] in ("kiro.generate", "augment.chat", "bedrock.agent"))
    if "parts" in want:
        same("parts", [(p["kind"], p.get("bytes")) for p in choice["parts"]], want["parts"])
    if "call" in want:
        calls = [(p.get("id"), p.get("name"), p.get("text")) for p in choice["parts"] if p["kind"] == "tool_call"]
        same("calls", calls, [want["call"]])
    if "tool" in want:
        same("tools", [t["name"] for t in request.get("tools") or []], [want["tool"]])
    if "finish" in want:
        same("finish", choice["finish"], want["finish"])
    if "model" in want:
        same("model", request.get("model"), want["model"])
    for name in ("input", "output"):
        if name in want:
            same(name, (v.get("usage") or {}).get(name), want[name])
    if "provider" in want:
        same("provider", v.get("provider"), want["provider"])
    return out


def play_all(cut, how):
    all_of, plan = Exchanges(cut), []
    for make in FORMS:
        host, path, ask, answers, want, *more = make()
        rows = [(path, *a) for a in answers] + [(p, *a) for p, of in more for a in of]
        for path, framing, back in rows:
            # It is the header field that asks for DashScope's stream.
            header = "X-DashScope-SSE: enable\r\n" if framing is numbered else ""
            asked = "stream" in path or bool(header) or any(word in json.dumps(ask) for word in ASKING)
            plan.append((f"{make.__name__}, {framing.__name__}", all_of.add(host, path, ask, framing(back), header),
                         {**want, "stream": asked}))
    invented = [(host, path, all_of.add(host, path, body, whole({"ok": True}))) for host, path, body in INVENTED]
    none = [(host, path, all_of.add(host, path, body, whole({"ok": True}))) for host, path, body in NO_CALLS]
    failed = [(host, path, want, all_of.add(host, path, ask, http(
        f"HTTP/1.1 {status} X", "application/json", json.dumps(back).encode(), more)))
        for host, path, ask, status, more, back, want in ERRORS]
    records = all_of.played()
    for name, n, want in plan:
        bad = differs(records[n], want) if n in records else ["no record"]
        ok(not bad, f"{name}, {how}: all is on the record", "\n".join(bad), json.dumps(records.get(n))[:2500])
    for host, path, n in invented:
        v = records.get(n, {})
        said = [texts(m) for m in (v.get("request") or {}).get("messages") or []]
        ok(v.get("kind") == "llm" and v.get("api") == "unknown" and said == [PROMPT],
           f"{host}{path}, {how}: is a call, its prompt shown", v.get("kind"), v.get("api"), said)
    for host, path, want, n in failed:
        e = records.get(n, {}).get("error") or {}
        said = (e.get("type"), e.get("code"), e.get("message"))
        ok(records[n]["kind"] == "llm" and said == want, f"{host}{path}, {how}: its error is told", records[n]["kind"], said)
    for host, path, n in none:
        v = records.get(n, {})
        ok(v.get("kind") == "http", f"{host}{path}, {how}: is no call", v.get("kind"), v.get("request"))


play_all(cut_whole, "whole")
if os.environ.get("NATIVE_QUICK") is None:
    play_all(cut_random(1), "in pieces")
done()
