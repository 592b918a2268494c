package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionContentPart;
import com.openai.models.chat.completions.ChatCompletionContentPartImage;
import com.openai.models.chat.completions.ChatCompletionContentPartText;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Calls of OpenAI's Java SDK that have to come to the same with any provider, and are checked here for it. What differs
 * is returned, for the test of a provider to check.
 */
final class OpenAiJavaCalls {

    private static final FunctionDefinition WEATHER = FunctionDefinition.builder()
            .name("get_current_weather")
            .description("Get the current weather in a given location")
            .parameters(FunctionParameters.builder()
                    .putAdditionalProperty("type", JsonValue.from("object"))
                    .putAdditionalProperty("properties", JsonValue.from(Map.of("location", Map.of("type", "string"))))
                    .putAdditionalProperty("required", JsonValue.from(List.of("location")))
                    .build())
            .build();

    private final OpenAIClient client;

    OpenAiJavaCalls(OpenAIClient client) {
        this.client = client;
    }

    /** Says {@code Hello there}, which comes back whole and valid. {@return what it used} */
    CompletionUsage chat(ChatCompletionCreateParams.Builder hello) {
        ChatCompletion completion = ask(hello.build());

        assertThat(text(completion.validate())).isEqualTo("Hello there");
        assertThat(finishReason(completion)).isEqualTo("stop");
        return completion.usage().orElseThrow();
    }

    /** The same, streamed. {@return what it used, which was asked for} */
    CompletionUsage stream(ChatCompletionCreateParams.Builder hello) {
        ChatCompletion completion = accumulated(hello.streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build());

        assertThat(text(completion)).isEqualTo("Hello there");
        return completion.usage().orElseThrow();
    }

    /** Offers a tool, which is called, and gives its result, which is answered. {@return the call's arguments} */
    String tools(ChatCompletionCreateParams.Builder hello) {
        ChatCompletionCreateParams question = hello.addFunctionTool(WEATHER).build();
        ChatCompletion asks = ask(question);
        ChatCompletionMessageFunctionToolCall call = toolCall(asks);

        ChatCompletion answers = ask(question.toBuilder()
                .addMessage(asks.choices().get(0).message())
                .addMessage(ChatCompletionToolMessageParam.builder()
                        .toolCallId(call.id())
                        .content("27 degrees")
                        .build())
                .build());

        assertThat(text(answers)).isEqualTo("The tool answered: 27 degrees");
        return call.function().arguments();
    }

    /** Offers a tool, which is called in a stream. {@return the call's arguments, put together} */
    String streamedTools(ChatCompletionCreateParams.Builder hello) {
        return toolCall(accumulated(hello.addFunctionTool(WEATHER).build()))
                .function()
                .arguments();
    }

    /** Shows images by their addresses. {@return what the model says of them} */
    String vision(String model, String question, String... images) {
        List<ChatCompletionContentPart> parts = new ArrayList<>();
        parts.add(ChatCompletionContentPart.ofText(
                ChatCompletionContentPartText.builder().text(question).build()));
        for (String image : images) {
            parts.add(ChatCompletionContentPart.ofImageUrl(ChatCompletionContentPartImage.builder()
                    .imageUrl(ChatCompletionContentPartImage.ImageUrl.builder()
                            .url(image)
                            .build())
                    .build()));
        }
        return text(ask(ChatCompletionCreateParams.builder()
                .model(model)
                .addUserMessageOfArrayOfContentParts(parts)
                .build()));
    }

    ChatCompletion ask(ChatCompletionCreateParams params) {
        return client.chat().completions().create(params);
    }

    /** {@return a streamed answer, put together} */
    ChatCompletion accumulated(ChatCompletionCreateParams params) {
        ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> chunks =
                client.chat().completions().createStreaming(params)) {
            chunks.stream().forEach(whole::accumulate);
        }
        return whole.chatCompletion();
    }

    static String text(ChatCompletion completion) {
        return completion.choices().get(0).message().content().orElseThrow();
    }

    private static String finishReason(ChatCompletion completion) {
        return completion.choices().get(0).finishReason().asString();
    }

    private static ChatCompletionMessageFunctionToolCall toolCall(ChatCompletion completion) {
        assertThat(finishReason(completion)).isEqualTo("tool_calls");
        ChatCompletionMessageFunctionToolCall call = completion
                .choices()
                .get(0)
                .message()
                .toolCalls()
                .orElseThrow()
                .get(0)
                .asFunction();
        assertThat(call.function().name()).isEqualTo("get_current_weather");
        return call;
    }
}
