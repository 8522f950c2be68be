# SPDX-License-Identifier: MIT
"""The SDKs of PyPI, as a script of a user calls them: sdks.py NAME. Each call ends with say(): one line of JSON that
tells what the SDK made of it, for test_python_sdks.py to compare with what llm-spy saw."""
import asyncio
import json
import os
import sys

BASE = os.environ["MOCK_URL"]
KEY = "sk-sdk-FAKESECRET0123456789"
WEATHER = {"name": "get_weather", "description": "Weather of a city", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
# What is asked for, and how: plain and streamed, with a tool and without.
KINDS = [("", False), (" about the weather", False), (", streamed", True), (" about the weather, streamed", True)]
SYSTEM = "Be brief."


def say(api, model, stream, prompt, text="", call=None, input=None, output=None, error=None):
    print(json.dumps({"api": api, "model": model, "stream": stream, "prompt": prompt, "text": text or "", "call": call,
                      "input": input, "output": output, "error": error}), flush=True)


def named(name, arguments):
    return {"name": name, "arguments": json.loads(arguments) if isinstance(arguments, str) else arguments}


def failing(api, model, prompt, make):
    """The call `make` makes fails; what the SDK says of that."""
    try:
        make()
    except Exception as e:
        say(api, model, False, prompt, error=str(e))
        return
    sys.exit(f"{prompt}: no error")


# ---- OpenAI ----
def openai():
    from openai import OpenAI
    client, model = OpenAI(api_key=KEY, base_url=BASE + "/v1", max_retries=0), "gpt-4o"

    def chat(prompt, **more):
        return client.chat.completions.create(model=model, messages=[
            {"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}], **more)

    def collected(chunks):
        text, call, usage = "", None, None
        for chunk in chunks:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                for c in choice.delta.tool_calls or []:
                    call = call or ["", ""]
                    call = [call[0] + (c.function.name or ""), call[1] + (c.function.arguments or "")]
        return text, call, usage

    def whole(answer):
        message = answer.choices[0].message
        call = message.tool_calls[0].function if message.tool_calls else None
        return message.content, call and (call.name, call.arguments), answer.usage
    for what, stream in KINDS:
        prompt = "openai: a chat" + what
        more = {"tools": [{"type": "function", "function": WEATHER}]} if "weather" in what else {}
        if stream:
            more.update(stream=True, stream_options={"include_usage": True})
        text, call, usage = (collected if stream else whole)(chat(prompt, **more))
        say("openai.chat", model, stream, prompt, text, call and named(*call), usage.prompt_tokens, usage.completion_tokens)
    for what, stream in KINDS:
        prompt = "openai: a response" + what
        ask = {"model": model, "instructions": SYSTEM, "input": prompt}
        if "weather" in what:
            ask["tools"] = [{"type": "function", "strict": False, **WEATHER}]
        if stream:
            with client.responses.stream(**ask) as events:
                answer = events.get_final_response()
        else:
            answer = client.responses.create(**ask)
        calls = [named(o.name, o.arguments) for o in answer.output if o.type == "function_call"]
        say("openai.responses", model, stream, prompt, answer.output_text, calls[0] if calls else None,
            answer.usage.input_tokens, answer.usage.output_tokens)
    failing("openai.chat", model, "openai: please fail", lambda: chat("openai: please fail"))


# ---- Anthropic ----
def anthropic():
    from anthropic import Anthropic
    client, model = Anthropic(api_key=KEY, base_url=BASE, max_retries=0), "claude-sonnet-4-5"

    def ask(prompt, **more):
        return {"model": model, "max_tokens": 100, "system": SYSTEM, "messages": [{"role": "user", "content": prompt}], **more}
    for what, stream in KINDS:
        prompt, more = "anthropic: a message" + what, {}
        if "weather" in what:
            more["tools"] = [{"name": WEATHER["name"], "description": WEATHER["description"], "input_schema": WEATHER["parameters"]}]
        if stream:
            with client.messages.stream(**ask(prompt, **more)) as events:
                answer = events.get_final_message()
        else:
            answer = client.messages.create(**ask(prompt, **more))
        calls = [named(b.name, b.input) for b in answer.content if b.type == "tool_use"]
        say("anthropic.messages", model, stream, prompt, "".join(b.text for b in answer.content if b.type == "text"),
            calls[0] if calls else None, answer.usage.input_tokens + answer.usage.cache_read_input_tokens, answer.usage.output_tokens)
    failing("anthropic.messages", model, "anthropic: please fail", lambda: client.messages.create(**ask("anthropic: please fail")))


# ---- Google ----
def google():
    from google import genai
    client, model = genai.Client(api_key=KEY, http_options={"base_url": BASE}), "gemini-2.5-flash"

    def ask(prompt, **more):
        return {"model": model, "contents": prompt, "config": {"system_instruction": SYSTEM, **more}}
    for what, stream in KINDS:
        prompt, more = "google: an answer" + what, {}
        if "weather" in what:
            more["tools"] = [{"function_declarations": [{"name": WEATHER["name"], "parameters_json_schema": WEATHER["parameters"]}]}]
        answers = client.models.generate_content_stream(**ask(prompt, **more)) if stream else [client.models.generate_content(**ask(prompt, **more))]
        text, call, usage = "", None, None
        for answer in answers:
            for part in answer.candidates[0].content.parts:
                text += part.text or ""
                if part.function_call:
                    call = named(part.function_call.name, part.function_call.args)
            usage = answer.usage_metadata or usage
        say("gemini.generate", model, stream, prompt, text, call, usage.prompt_token_count,
            usage.candidates_token_count + usage.thoughts_token_count)
    failing("gemini.generate", model, "google: please fail", lambda: client.models.generate_content(**ask("google: please fail")))


# ---- Mistral ----
def mistral():
    from mistralai.client import Mistral
    client, model = Mistral(api_key=KEY, server_url=BASE), "mistral-large-latest"

    def ask(prompt):
        return {"model": model, "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]}
    for what, stream in KINDS:
        prompt, more = "mistral: a chat" + what, {}
        if "weather" in what:
            more["tools"] = [{"type": "function", "function": WEATHER}]
        text, call, usage = "", None, None
        if stream:
            for event in client.chat.stream(**ask(prompt), **more):
                delta = event.data.choices[0].delta if event.data.choices else None
                text += (delta and delta.content) or ""
                call = delta.tool_calls[0].function if delta and delta.tool_calls else call
                usage = event.data.usage or usage
        else:
            answer = client.chat.complete(**ask(prompt), **more)
            text, usage = answer.choices[0].message.content or "", answer.usage
            calls = answer.choices[0].message.tool_calls
            call = calls[0].function if calls else None
        say("openai.chat", model, stream, prompt, text, call and named(call.name, call.arguments), usage.prompt_tokens, usage.completion_tokens)
    failing("openai.chat", model, "mistral: please fail", lambda: client.chat.complete(**ask("mistral: please fail")))


# ---- Cohere ----
def cohere():
    import cohere as sdk
    client, model = sdk.ClientV2(api_key=KEY, base_url=BASE), "command-a-03-2025"

    def ask(prompt):
        return {"model": model, "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]}
    for what, stream in KINDS:
        prompt, more = "cohere: a chat" + what, {}
        if "weather" in what:
            more["tools"] = [{"type": "function", "function": WEATHER}]
        text, call, usage = "", None, None
        if stream:
            for event in client.chat_stream(**ask(prompt), **more):
                if event.type == "content-delta":
                    text += event.delta.message.content.text
                elif event.type == "tool-call-start":
                    call = [event.delta.message.tool_calls.function.name, ""]
                elif event.type == "tool-call-delta":
                    call[1] += event.delta.message.tool_calls.function.arguments
                elif event.type == "message-end":
                    usage = event.delta.usage
        else:
            answer = client.chat(**ask(prompt), **more)
            text, usage = "".join(c.text for c in answer.message.content or []), answer.usage
            for c in answer.message.tool_calls or []:
                call = [c.function.name, c.function.arguments]
        say("cohere.chat", model, stream, prompt, text, call and named(*call), usage.tokens.input_tokens, usage.tokens.output_tokens)
    failing("cohere.chat", model, "cohere: please fail", lambda: client.chat(**ask("cohere: please fail")))


# ---- boto3 ----
def boto():
    import boto3
    client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=BASE, aws_access_key_id="AKIAFAKESECRET",
                          aws_secret_access_key=KEY, config=boto3.session.Config(retries={"max_attempts": 0}))
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"

    def ask(prompt):
        return {"modelId": model, "system": [{"text": SYSTEM}], "messages": [{"role": "user", "content": [{"text": prompt}]}]}
    for what, stream in KINDS:
        prompt, more = "boto3: a chat" + what, {}
        if "weather" in what:
            more["toolConfig"] = {"tools": [{"toolSpec": {"name": WEATHER["name"], "description": WEATHER["description"],
                                                          "inputSchema": {"json": WEATHER["parameters"]}}}]}
        text, call, usage = "", None, None
        if stream:
            for event in client.converse_stream(**ask(prompt), **more)["stream"]:
                if "contentBlockStart" in event:
                    call = [event["contentBlockStart"]["start"]["toolUse"]["name"], ""]
                elif "contentBlockDelta" in event:
                    delta = event["contentBlockDelta"]["delta"]
                    text += delta.get("text", "")
                    if call:
                        call[1] += delta["toolUse"]["input"]
                elif "metadata" in event:
                    usage = event["metadata"]["usage"]
        else:
            answer = client.converse(**ask(prompt), **more)
            usage = answer["usage"]
            for block in answer["output"]["message"]["content"]:
                text += block.get("text", "")
                call = [block["toolUse"]["name"], block["toolUse"]["input"]] if "toolUse" in block else call
        say("bedrock.converse", model, stream, prompt, text, call and named(*call),
            usage["inputTokens"] + usage["cacheReadInputTokens"], usage["outputTokens"])
    failing("bedrock.converse", model, "boto3: please fail", lambda: client.converse(**ask("boto3: please fail")))


# ---- what stands before several ----
def litellm():
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm as sdk
    sdk.suppress_debug_info = True
    for api, model, base in (("openai.chat", "openai/gpt-4o", BASE + "/v1"), ("anthropic.messages", "anthropic/claude-sonnet-4-5", BASE)):
        def call_with(prompt, **more):
            return sdk.completion(model=model, api_base=base, api_key=KEY, num_retries=0, max_tokens=100, messages=[
                {"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}], **more)
        for what, stream in KINDS:
            prompt, more = f"litellm: {model}{what}", {}
            if "weather" in what:
                more["tools"] = [{"type": "function", "function": WEATHER}]
            if stream:
                chunks = list(call_with(prompt, stream=True, stream_options={"include_usage": True}, **more))
                answer = sdk.stream_chunk_builder(chunks)
            else:
                answer = call_with(prompt, **more)
            message = answer.choices[0].message
            call = message.tool_calls[0].function if message.tool_calls else None
            say(api, model.split("/")[1], stream, prompt, message.content, call and named(call.name, call.arguments),
                answer.usage.prompt_tokens, answer.usage.completion_tokens)
        failing(api, model.split("/")[1], f"litellm: {model}, please fail", lambda: call_with(f"litellm: {model}, please fail"))


def langchain():
    from langchain_anthropic import ChatAnthropic
    from langchain_openai import ChatOpenAI
    tool = {"type": "function", "function": WEATHER}
    for api, model in (("openai.chat", ChatOpenAI(model="gpt-4o", base_url=BASE + "/v1", api_key=KEY, max_retries=0, stream_usage=True)),
                       ("anthropic.messages", ChatAnthropic(model="claude-sonnet-4-5", base_url=BASE, api_key=KEY, max_retries=0))):
        name = "gpt-4o" if api == "openai.chat" else "claude-sonnet-4-5"
        for what, stream in KINDS:
            prompt = f"langchain: {name}{what}"
            runner = model.bind_tools([tool]) if "weather" in what else model
            ask = [("system", SYSTEM), ("human", prompt)]
            if stream:
                answer = None
                for chunk in runner.stream(ask):
                    answer = chunk if answer is None else answer + chunk
            else:
                answer = runner.invoke(ask)
            text = answer.content if isinstance(answer.content, str) else "".join(b.get("text", "") for b in answer.content)
            call = answer.tool_calls[0] if answer.tool_calls else None
            say(api, name, stream, prompt, text, call and named(call["name"], call["args"]),
                answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"])
        failing(api, name, f"langchain: {name}, please fail", lambda: model.invoke(f"langchain: {name}, please fail"))


# ---- agents: a call with a tool, and another with what the tool gave back ----
def agents():
    import agents as sdk
    from openai import AsyncOpenAI
    sdk.set_tracing_disabled(True)

    @sdk.function_tool
    def get_weather(city: str) -> str:
        """Weather of a city"""
        return f"It is sunny, says {asked}."
    model = "gpt-4o"
    for api, wrapper in (("openai.responses", sdk.OpenAIResponsesModel), ("openai.chat", sdk.OpenAIChatCompletionsModel)):
        asked = prompt = f"agents: {api} about the weather"
        client = AsyncOpenAI(api_key=KEY, base_url=BASE + "/v1", max_retries=0)
        agent = sdk.Agent(name="a", instructions=SYSTEM, model=wrapper(model=model, openai_client=client), tools=[get_weather])
        result = asyncio.run(sdk.Runner.run(agent, prompt))
        for raw, prompt in zip(result.raw_responses, (prompt, f"It is sunny, says {asked}.")):
            calls = [named(o.name, o.arguments) for o in raw.output if o.type == "function_call"]
            text = "".join(c.text for o in raw.output if o.type == "message" for c in o.content)
            say(api, model, False, prompt, text, calls[0] if calls else None, raw.usage.input_tokens, raw.usage.output_tokens)


def pydantic_ai():
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    for api, model in (("openai.chat", OpenAIChatModel("gpt-4o", provider=OpenAIProvider(base_url=BASE + "/v1", api_key=KEY))),
                       ("anthropic.messages", AnthropicModel("claude-sonnet-4-5", provider=AnthropicProvider(base_url=BASE, api_key=KEY)))):
        asked = prompt = f"pydantic-ai: {api} about the weather"
        agent = Agent(model, instructions=SYSTEM)

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """Weather of a city"""
            return f"It is sunny, says {asked}."
        result = agent.run_sync(prompt)
        answers = [m for m in result.all_messages() if isinstance(m, ModelResponse)]
        for answer, prompt in zip(answers, (prompt, f"It is sunny, says {asked}.")):
            calls = [named(p.tool_name, p.args) for p in answer.parts if p.part_kind == "tool-call"]
            text = "".join(p.content for p in answer.parts if p.part_kind == "text")
            # It asks Anthropic for a stream, whatever its user asked for.
            say(api, model.model_name, api == "anthropic.messages", prompt, text, calls[0] if calls else None,
                answer.usage.input_tokens, answer.usage.output_tokens)


globals()[sys.argv[1]]()
