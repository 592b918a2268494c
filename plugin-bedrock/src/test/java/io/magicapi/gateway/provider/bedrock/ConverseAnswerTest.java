package io.magicapi.gateway.provider.bedrock;

import static io.magicapi.gateway.provider.bedrock.Bedrock.ANSWERED;
import static io.magicapi.gateway.provider.bedrock.Bedrock.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ProviderException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole answers and errors, as Amazon Bedrock's API Reference and User Guide show them. */
class ConverseAnswerTest {

    private static JsonNode answer(String content, String stopReason) {
        return Bedrock.answer(200, ANSWERED, """
                {"metrics":{"latencyMs":551},"output":{"message":{"role":"assistant","content":%s}},
                 "stopReason":"%s","usage":{"inputTokens":26,"outputTokens":31,"totalTokens":57}}""".formatted(content, stopReason));
    }

    @Test
    @DisplayName("a text is a completion with one choice, and usage that adds up")
    void text() {
        assertThat(answer("[{\"text\":\"Hello\"},{\"text\":\" there\"}]", "end_turn"))
                .isEqualTo(json("""
                {"id":"chatcmpl-r-1","object":"chat.completion","created":1795521600,"model":"m",
                 "choices":[{"index":0,"message":{"role":"assistant","content":"Hello there","refusal":null},
                             "logprobs":null,"finish_reason":"stop"}],
                 "usage":{"prompt_tokens":26,"completion_tokens":31,"total_tokens":57,
                          "prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0}}}"""));
    }

    @Test
    @DisplayName("what was read from and written to the cache counts as part of the prompt")
    void cachedUsage() {
        JsonNode usage = Bedrock.answer(200, ANSWERED, """
                {"output":{"message":{"role":"assistant","content":[{"text":"a"}]}},"stopReason":"end_turn",
                 "usage":{"inputTokens":10,"outputTokens":5,"totalTokens":1115,
                          "cacheReadInputTokens":1000,"cacheWriteInputTokens":100}}""").path("usage");

        assertThat(usage).isEqualTo(json("""
                {"prompt_tokens":1110,"completion_tokens":5,"total_tokens":1115,
                 "prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":100}}"""));
    }

    @Test
    @DisplayName("toolUse becomes tool calls, with the input as JSON text")
    void toolUse() {
        JsonNode choice = answer("""
                [{"toolUse":{"toolUseId":"tooluse_hbTgdi0CSLq_hM4P8csZJA","name":"top_song","input":{"sign":"WZPZ"}}},
                 {"toolUse":{"toolUseId":"t2","name":"now","input":{}}}]""", "tool_use").at("/choices/0");

        assertThat(choice).isEqualTo(json("""
                {"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[
                   {"id":"tooluse_hbTgdi0CSLq_hM4P8csZJA","type":"function",
                    "function":{"name":"top_song","arguments":"{\\"sign\\":\\"WZPZ\\"}"}},
                   {"id":"t2","type":"function","function":{"name":"now","arguments":"{}"}}]},
                 "logprobs":null,"finish_reason":"tool_calls"}"""));
    }

    @Test
    @DisplayName("thoughts come beside the answer, with what the model wants to see again")
    void reasoning() {
        JsonNode message = answer("""
                [{"reasoningContent":{"reasoningText":{"text":"hm","signature":"sig"}}},
                 {"reasoningContent":{"redactedContent":"AAAA"}},{"text":"42"}]""", "end_turn").at("/choices/0/message");

        assertThat(message).isEqualTo(json("""
                {"role":"assistant","content":"42","refusal":null,"reasoning_content":"hm","reasoning_signature":"sig"}"""));
    }

    @ParameterizedTest
    @CsvSource({
        "end_turn,stop",
        "stop_sequence,stop",
        "tool_use,tool_calls",
        "max_tokens,length",
        "model_context_window_exceeded,length",
        "guardrail_intervened,content_filter",
        "content_filtered,content_filter",
        "something_new,stop"
    })
    @DisplayName("every reason to stop has its name in OpenAI's terms")
    void stopReasons(String stopReason, String finishReason) {
        assertThat(answer("[{\"text\":\"a\"}]", stopReason)
                        .at("/choices/0/finish_reason")
                        .asText())
                .isEqualTo(finishReason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"output\":{\"message\":{\"content\":[]}},\"stopReason\":\"malformed_model_output\"}",
                "{\"output\":{\"message\":{\"content\":[]}},\"stopReason\":\"malformed_tool_use\"}",
                "{\"output\":{\"message\":{\"content\":[]}}}",
                "{\"output\":{}}",
                "{}",
                "[]"
            })
    @DisplayName("an answer of no use is a failure, not an empty success")
    void useless(String body) {
        assertThatThrownBy(() -> Bedrock.answer(200, ANSWERED, body))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(failure -> assertThat(failure.kind()).isEqualTo(ProviderException.Kind.BAD_ANSWER));
    }

    @Nested
    class Errors {

        private static JsonNode error(String type, String body) {
            return Bedrock.answer(400, Headers.of("x-amzn-errortype", type), body)
                    .path("error");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "ThrottlingException | ThrottlingException",
                    "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/ | ValidationException",
                    "com.amazon.coral.service#UnrecognizedClientException | UnrecognizedClientException",
                })
        @DisplayName("an error keeps its message, and its type by its bare name")
        void errors(String header, String type) {
            assertThat(error(header, "{\"message\":\"Too many requests, please wait.\"}"))
                    .isEqualTo(json("""
                    {"message":"Too many requests, please wait.","type":"%1$s","param":null,"code":"%1$s"}""".formatted(type)));
        }

        @Test
        @DisplayName("a type in the body, and a message with a capital, are found too")
        void olderForm() {
            assertThat(Bedrock.answer(403, Headers.of(), """
                    {"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}""").path("error")).isEqualTo(json("""
                            {"message":"no","type":"AccessDeniedException","param":null,"code":"AccessDeniedException"}"""));
        }

        @Test
        @DisplayName("an error that says nothing is still one")
        void silent() {
            assertThat(Bedrock.answer(500, Headers.of(), "{}").path("error")).isEqualTo(json("""
                    {"message":"Bedrock answered with api_error","type":"api_error","param":null,"code":"api_error"}"""));
        }

        @Test
        @DisplayName("the quotation of a wrongly signed request, which has the session token in it, is cut off")
        void signature() {
            JsonNode error = error("InvalidSignatureException", """
                    {"message":"The request signature we calculated does not match the signature you provided.\\n\\n\
                    The Canonical String for this request should have been\\n'POST\\n/model/m/converse\\n\\n\
                    x-amz-security-token:canary-token\\n'\\n\\nThe String-to-Sign should have been\\n'AWS4'\\n"}""");

            assertThat(error.path("message").asText())
                    .isEqualTo("The request signature we calculated does not match the signature you provided.");
        }
    }
}
