// SPDX-License-Identifier: MIT

// openai-java, as a program of a user calls it, for test_java_sdks.py:
//
//	java -cp JARS OpenAI.java openai
//
// Each call ends with say(): one line of JSON that tells what the SDK made of it.
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.*;
import com.openai.models.responses.*;
import java.util.*;

public class OpenAI {
	static final ObjectMapper json = new ObjectMapper();
	static final Map<String, Object> schema = Map.of("type", "object", "required", List.of("city"),
		"properties", Map.of("city", Map.of("type", "string")));
	static final String tool = "get_weather", about = "Weather of a city", system = "Be brief.", model = "gpt-4o";

	static Map<String, Object> said(String api, String prompt, boolean stream) {
		return new HashMap<>(Map.of("api", api, "model", model, "prompt", prompt, "stream", stream));
	}

	static void say(Map<String, Object> said) throws Exception {
		System.out.println(json.writeValueAsString(said));
	}

	static Map<String, Object> named(String name, String arguments) {
		try {
			return Map.of("name", name, "arguments", json.readTree(arguments));
		} catch (Exception e) {
			throw new RuntimeException(e);
		}
	}

	static ChatCompletionCreateParams.Builder askChat(String prompt) {
		ChatCompletionCreateParams.Builder ask = ChatCompletionCreateParams.builder().model(model)
			.addSystemMessage(system).addUserMessage(prompt);
		FunctionParameters.Builder parameters = FunctionParameters.builder();
		schema.forEach((key, value) -> parameters.putAdditionalProperty(key, JsonValue.from(value)));
		return prompt.contains("weather") ? ask.addFunctionTool(FunctionDefinition.builder().name(tool).description(about)
			.parameters(parameters.build()).build()) : ask;
	}

	static void chat(OpenAIClient client, String prompt, boolean stream) throws Exception {
		ChatCompletionCreateParams.Builder ask = askChat(prompt);
		ChatCompletion answer;
		if (stream) {
			ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
			ask.streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build());
			try (StreamResponse<ChatCompletionChunk> events = client.chat().completions().createStreaming(ask.build())) {
				events.stream().forEach(all::accumulate);
			}
			answer = all.chatCompletion();
		} else {
			answer = client.chat().completions().create(ask.build());
		}
		ChatCompletionMessage message = answer.choices().get(0).message();
		Map<String, Object> said = said("openai.chat", prompt, stream);
		said.put("text", message.content().orElse(""));
		said.put("call", message.toolCalls().stream().flatMap(List::stream).map(c -> c.asFunction().function())
			.map(f -> named(f.name(), f.arguments())).findFirst().orElse(null));
		said.put("input", answer.usage().get().promptTokens());
		said.put("output", answer.usage().get().completionTokens());
		say(said);
	}

	static void response(OpenAIClient client, String prompt, boolean stream) throws Exception {
		ResponseCreateParams.Builder ask = ResponseCreateParams.builder().model(model).instructions(system).input(prompt);
		FunctionTool.Parameters.Builder parameters = FunctionTool.Parameters.builder();
		schema.forEach((key, value) -> parameters.putAdditionalProperty(key, JsonValue.from(value)));
		if (prompt.contains("weather"))
			ask.addTool(FunctionTool.builder().name(tool).description(about).parameters(parameters.build()).strict(false).build());
		Response answer;
		if (stream) {
			ResponseAccumulator all = ResponseAccumulator.create();
			try (StreamResponse<ResponseStreamEvent> events = client.responses().createStreaming(ask.build())) {
				events.stream().forEach(all::accumulate);
			}
			answer = all.response();
		} else {
			answer = client.responses().create(ask.build());
		}
		Map<String, Object> said = said("openai.responses", prompt, stream);
		StringBuilder text = new StringBuilder();
		for (ResponseOutputItem item : answer.output()) {
			item.message().ifPresent(m -> m.content().forEach(c -> c.outputText().ifPresent(t -> text.append(t.text()))));
			item.functionCall().ifPresent(f -> said.put("call", named(f.name(), f.arguments())));
		}
		said.putIfAbsent("call", null);
		said.put("text", text.toString());
		said.put("input", answer.usage().get().inputTokens());
		said.put("output", answer.usage().get().outputTokens());
		say(said);
	}

	static void failing(OpenAIClient client, String prompt) throws Exception {
		try {
			client.chat().completions().create(askChat(prompt).build());
			throw new IllegalStateException("no error");
		} catch (BadRequestException e) {
			Map<String, Object> said = said("openai.chat", prompt, false);
			said.put("error", e.getMessage());
			say(said);
		}
	}

	public static void main(String[] args) throws Exception {
		OpenAIClient client = OpenAIOkHttpClient.builder().apiKey("sk-sdk-FAKESECRET0123456789")
			.baseUrl(System.getenv("MOCK_URL") + "/v1").maxRetries(0).build();
		for (boolean stream : new boolean[] { false, true })
			for (String kind : new String[] { "", " about the weather" }) {
				chat(client, "openai-java: a chat" + kind + (stream ? ", streamed" : ""), stream);
				response(client, "openai-java: a response" + kind + (stream ? ", streamed" : ""), stream);
			}
		failing(client, "openai-java: please fail");
		client.close();
	}
}
