// SPDX-License-Identifier: MIT

// async-openai, as a program of a user calls it. Each call ends with say(): one line of JSON that tells what the SDK
// made of it, for test_rust_sdks.py to compare with what llm-spy saw.
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::CreateChatCompletionRequest;
use async_openai::types::responses::{CreateResponse, ResponseStreamEvent};
use async_openai::Client;
use futures::StreamExt;
use serde_json::{from_str, from_value, json, to_value, Value};

const SYSTEM: &str = "Be brief.";
const KINDS: [&str; 4] = ["", " about the weather", ", streamed", " about the weather, streamed"];

fn weather() -> Value {
    json!({"name": "get_weather", "description": "Weather of a city", "parameters":
        {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}})
}

/// The name and arguments that the SDK gives for what the model calls.
fn named(name: &Value, arguments: &str) -> Value {
    json!({"name": name, "arguments": from_str::<Value>(arguments).expect("arguments")})
}

struct Said {
    text: String,
    call: Value,
    usage: Value,
}

fn say(api: &str, prompt: &str, counts: [&str; 2], said: Said) {
    let stream = prompt.ends_with("streamed");
    println!("{}", json!({"api": api, "model": "gpt-4o", "stream": stream, "prompt": prompt, "text": said.text,
        "call": said.call, "input": said.usage[counts[0]], "output": said.usage[counts[1]]}));
}

fn ask_chat(prompt: &str) -> CreateChatCompletionRequest {
    let mut ask = json!({"model": "gpt-4o", "messages": [
        {"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]});
    if prompt.contains("weather") {
        ask["tools"] = json!([{"type": "function", "function": weather()}]);
    }
    if prompt.ends_with("streamed") {
        ask["stream_options"] = json!({"include_usage": true});
    }
    from_value(ask).expect("a request of the SDK")
}

async fn chat(client: &Client<OpenAIConfig>, prompt: &str) -> Result<Said, OpenAIError> {
    let answer = to_value(client.chat().create(ask_chat(prompt)).await?).unwrap();
    let message = &answer["choices"][0]["message"];
    let function = &message["tool_calls"][0]["function"];
    Ok(Said {
        text: message["content"].as_str().unwrap_or("").into(),
        call: function["arguments"].as_str().map_or(Value::Null, |a| named(&function["name"], a)),
        usage: answer["usage"].clone(),
    })
}

async fn chat_streamed(client: &Client<OpenAIConfig>, prompt: &str) -> Result<Said, OpenAIError> {
    let mut stream = client.chat().create_stream(ask_chat(prompt)).await?;
    let (mut text, mut arguments) = (String::new(), String::new());
    let (mut name, mut usage) = (Value::Null, Value::Null);
    while let Some(event) = stream.next().await {
        let event = to_value(event?).unwrap();
        let delta = &event["choices"][0]["delta"];
        let function = &delta["tool_calls"][0]["function"];
        text += delta["content"].as_str().unwrap_or("");
        arguments += function["arguments"].as_str().unwrap_or("");
        if function["name"].is_string() {
            name = function["name"].clone();
        }
        if event["usage"].is_object() {
            usage = event["usage"].clone();
        }
    }
    let call = if name.is_null() { name } else { named(&name, &arguments) };
    Ok(Said { text, call, usage })
}

async fn response(client: &Client<OpenAIConfig>, prompt: &str) -> Result<Said, OpenAIError> {
    let mut ask = json!({"model": "gpt-4o", "instructions": SYSTEM, "input": prompt});
    if prompt.contains("weather") {
        ask["tools"] = json!([weather()]);
        ask["tools"][0]["type"] = json!("function");
    }
    let ask: CreateResponse = from_value(ask).expect("a request of the SDK");
    let mut answer = None;
    if prompt.ends_with("streamed") {
        let mut stream = client.responses().create_stream(ask).await?;
        while let Some(event) = stream.next().await {
            if let ResponseStreamEvent::ResponseCompleted(e) = event? {
                answer = Some(e.response);
            }
        }
    } else {
        answer = Some(client.responses().create(ask).await?);
    }
    let answer = answer.expect("a whole response");
    let text = answer.output_text().unwrap_or_default();
    let answer = to_value(answer).unwrap();
    let item = &answer["output"][0];
    Ok(Said {
        text,
        call: item["arguments"].as_str().map_or(Value::Null, |a| named(&item["name"], a)),
        usage: answer["usage"].clone(),
    })
}

async fn run() -> Result<(), OpenAIError> {
    let base = std::env::var("MOCK_URL").expect("MOCK_URL") + "/v1";
    let config = OpenAIConfig::new().with_api_key("sk-sdk-FAKESECRET0123456789").with_api_base(base);
    let client = Client::with_config(config);

    for kind in KINDS {
        let prompt = format!("async-openai: a chat{kind}");
        let said = if kind.ends_with("streamed") { chat_streamed(&client, &prompt).await? } else { chat(&client, &prompt).await? };
        say("openai.chat", &prompt, ["prompt_tokens", "completion_tokens"], said);
    }
    for kind in KINDS {
        let prompt = format!("async-openai: a response{kind}");
        let said = response(&client, &prompt).await?;
        say("openai.responses", &prompt, ["input_tokens", "output_tokens"], said);
    }
    let prompt = "async-openai: please fail";
    let error = chat(&client, prompt).await.err().expect("an error");
    println!("{}", json!({"api": "openai.chat", "model": "gpt-4o", "prompt": prompt, "error": error.to_string()}));
    Ok(())
}

fn main() -> Result<(), OpenAIError> {
    rustls::crypto::ring::default_provider().install_default().expect("no other provider");
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(run())
}
