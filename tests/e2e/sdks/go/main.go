// SPDX-License-Identifier: MIT

// The SDKs of Go, as a program of a user calls them. Each call ends with say(): one line of JSON that tells what the
// SDK made of it, for test_go_sdks.py to compare with what llm-spy saw.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	aoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"google.golang.org/genai"
)

const (
	key    = "sk-sdk-FAKESECRET0123456789"
	system = "Be brief."
	tool   = "get_weather"
	about  = "Weather of a city"
)

var (
	base   = os.Getenv("MOCK_URL")
	ctx    = context.Background()
	schema = map[string]any{"type": "object", "required": []string{"city"},
		"properties": map[string]any{"city": map[string]any{"type": "string"}}}
	kinds = []string{"", " about the weather", ", streamed", " about the weather, streamed"}
)

type call struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

type said struct {
	API    string `json:"api"`
	Model  string `json:"model"`
	Stream bool   `json:"stream"`
	Prompt string `json:"prompt"`
	Text   string `json:"text"`
	Call   *call  `json:"call"`
	Input  int64  `json:"input"`
	Output int64  `json:"output"`
	Error  string `json:"error,omitempty"`
}

func say(s said) {
	json.NewEncoder(os.Stdout).Encode(s)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The call has to fail; what the SDK says of that.
func fails(api, model, prompt string, err error) {
	if err == nil {
		must(fmt.Errorf("%s: no error", prompt))
	}
	text, e := err.Error(), (*openai.Error)(nil)
	if errors.As(err, &e) { // whose text is the status alone
		text = e.Message
	}
	say(said{API: api, Model: model, Prompt: prompt, Error: text})
}

func named(name string, arguments any) *call {
	text, ok := arguments.(string)
	if !ok {
		b, err := json.Marshal(arguments)
		must(err)
		text = string(b)
	}
	return &call{name, json.RawMessage(text)}
}

func chats(client openai.Client) {
	ask := func(prompt string) openai.ChatCompletionNewParams {
		p := openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage(system), openai.UserMessage(prompt)}}
		if strings.Contains(prompt, "weather") {
			p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
				Name: tool, Description: openai.String(about), Parameters: schema})}
		}
		return p
	}
	for _, kind := range kinds {
		prompt, stream := "openai-go: a chat"+kind, strings.Contains(kind, "streamed")
		var answer openai.ChatCompletion
		if stream {
			p := ask(prompt)
			p.StreamOptions.IncludeUsage = openai.Bool(true)
			all, events := openai.ChatCompletionAccumulator{}, client.Chat.Completions.NewStreaming(ctx, p)
			for events.Next() {
				all.AddChunk(events.Current())
			}
			must(events.Err())
			answer = all.ChatCompletion
		} else {
			got, err := client.Chat.Completions.New(ctx, ask(prompt))
			must(err)
			answer = *got
		}
		s := said{API: "openai.chat", Model: "gpt-4o", Stream: stream, Prompt: prompt, Text: answer.Choices[0].Message.Content,
			Input: answer.Usage.PromptTokens, Output: answer.Usage.CompletionTokens}
		for _, c := range answer.Choices[0].Message.ToolCalls {
			s.Call = named(c.Function.Name, c.Function.Arguments)
		}
		say(s)
	}
	_, err := client.Chat.Completions.New(ctx, ask("openai-go: please fail"))
	fails("openai.chat", "gpt-4o", "openai-go: please fail", err)
}

func response(client openai.Client) {
	for _, kind := range kinds {
		prompt, stream := "openai-go: a response"+kind, strings.Contains(kind, "streamed")
		p := responses.ResponseNewParams{Model: "gpt-4o", Instructions: openai.String(system),
			Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(prompt)}}
		if strings.Contains(kind, "weather") {
			p.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction(tool, schema, false)}
		}
		var answer responses.Response
		if stream {
			events := client.Responses.NewStreaming(ctx, p)
			for events.Next() {
				if e := events.Current(); e.Type == "response.completed" {
					answer = e.Response
				}
			}
			must(events.Err())
		} else {
			got, err := client.Responses.New(ctx, p)
			must(err)
			answer = *got
		}
		s := said{API: "openai.responses", Model: "gpt-4o", Stream: stream, Prompt: prompt, Text: answer.OutputText(),
			Input: answer.Usage.InputTokens, Output: answer.Usage.OutputTokens}
		for _, item := range answer.Output {
			if item.Type == "function_call" {
				c := item.AsFunctionCall()
				s.Call = named(c.Name, c.Arguments)
			}
		}
		say(s)
	}
}

func messages() {
	client := anthropic.NewClient(aoption.WithAPIKey(key), aoption.WithBaseURL(base), aoption.WithMaxRetries(0))
	model := "claude-sonnet-4-5"
	ask := func(prompt string) anthropic.MessageNewParams {
		p := anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 100, System: []anthropic.TextBlockParam{{Text: system}},
			Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(prompt))}}
		if strings.Contains(prompt, "weather") {
			p.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{Name: tool, Description: anthropic.String(about),
				InputSchema: anthropic.ToolInputSchemaParam{Properties: schema["properties"]}}}}
		}
		return p
	}
	for _, kind := range kinds {
		prompt, stream := "anthropic-go: a message"+kind, strings.Contains(kind, "streamed")
		var answer anthropic.Message
		if stream {
			events := client.Messages.NewStreaming(ctx, ask(prompt))
			for events.Next() {
				must(answer.Accumulate(events.Current()))
			}
			must(events.Err())
		} else {
			got, err := client.Messages.New(ctx, ask(prompt))
			must(err)
			answer = *got
		}
		s := said{API: "anthropic.messages", Model: model, Stream: stream, Prompt: prompt,
			Input: answer.Usage.InputTokens + answer.Usage.CacheReadInputTokens, Output: answer.Usage.OutputTokens}
		for _, block := range answer.Content {
			if block.Type == "tool_use" {
				s.Call = named(block.Name, string(block.Input))
			}
			s.Text += block.Text
		}
		say(s)
	}
	_, err := client.Messages.New(ctx, ask("anthropic-go: please fail"))
	fails("anthropic.messages", model, "anthropic-go: please fail", err)
}

func google() {
	client, err := genai.NewClient(ctx, &genai.ClientConfig{APIKey: key, Backend: genai.BackendGeminiAPI,
		HTTPOptions: genai.HTTPOptions{BaseURL: base}})
	must(err)
	model := "gemini-2.5-flash"
	for _, kind := range kinds {
		prompt, stream := "genai: an answer"+kind, strings.Contains(kind, "streamed")
		config := &genai.GenerateContentConfig{SystemInstruction: genai.NewContentFromText(system, genai.RoleUser)}
		if strings.Contains(kind, "weather") {
			config.Tools = []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{
				{Name: tool, Description: about, ParametersJsonSchema: schema}}}}
		}
		s := said{API: "gemini.generate", Model: model, Stream: stream, Prompt: prompt}
		read := func(r *genai.GenerateContentResponse) {
			for _, part := range r.Candidates[0].Content.Parts {
				s.Text += part.Text
				if part.FunctionCall != nil {
					s.Call = named(part.FunctionCall.Name, part.FunctionCall.Args)
				}
			}
			if u := r.UsageMetadata; u != nil {
				s.Input, s.Output = int64(u.PromptTokenCount), int64(u.CandidatesTokenCount+u.ThoughtsTokenCount)
			}
		}
		if stream {
			for r, err := range client.Models.GenerateContentStream(ctx, model, genai.Text(prompt), config) {
				must(err)
				read(r)
			}
		} else {
			r, err := client.Models.GenerateContent(ctx, model, genai.Text(prompt), config)
			must(err)
			read(r)
		}
		say(s)
	}
	_, err = client.Models.GenerateContent(ctx, model, genai.Text("genai: please fail"), nil)
	fails("gemini.generate", model, "genai: please fail", err)
}

func main() {
	client := openai.NewClient(option.WithAPIKey(key), option.WithBaseURL(base+"/v1/"), option.WithMaxRetries(0))
	switch os.Args[1] {
	case "openai":
		chats(client)
		response(client)
	case "anthropic":
		messages()
	case "google":
		google()
	}
}
