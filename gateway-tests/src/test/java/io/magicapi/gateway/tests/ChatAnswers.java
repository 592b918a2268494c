package io.magicapi.gateway.tests;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.util.List;

/** OpenAI's fields of a chat completion, and for each provider an answer of its own that has all that it may have. */
final class ChatAnswers {

    /** JSON pointers. The last are not OpenAI's, but widely read. */
    static final List<String> FIELDS = List.of(
            "/id",
            "/created",
            "/model",
            "/choices/0/message/content",
            "/choices/0/message/tool_calls",
            "/choices/0/message/annotations",
            "/choices/0/finish_reason",
            "/choices/0/logprobs",
            "/usage/prompt_tokens",
            "/usage/completion_tokens",
            "/usage/total_tokens",
            "/usage/prompt_tokens_details/cached_tokens",
            "/usage/completion_tokens_details/reasoning_tokens",
            "/service_tier",
            "/system_fingerprint",
            "/choices/0/message/reasoning_content");

    private static final String OPENAI = """
            {"id":"c","object":"chat.completion","created":1,"model":"m","system_fingerprint":"f","service_tier":"default",
             "choices":[{"index":0,"finish_reason":"tool_calls","logprobs":{"content":[]},"message":{"role":"assistant",
               "content":"a","refusal":null,"annotations":[],"reasoning_content":"t",
               "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]}}],
             "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,
               "prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":1}}}""";

    private static final String ANTHROPIC = """
            {"id":"m","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","stop_sequence":null,
             "content":[{"type":"thinking","thinking":"t","signature":"s"},
               {"type":"text","text":"a","citations":[{"type":"char_location","cited_text":"a","document_index":0}]},
               {"type":"tool_use","id":"t","name":"f","input":{}}],
             "usage":{"input_tokens":2,"cache_creation_input_tokens":0,"cache_read_input_tokens":1,"output_tokens":2,
               "output_tokens_details":{"thinking_tokens":1},"service_tier":"standard"}}""";

    private static final String BEDROCK = """
            {"output":{"message":{"role":"assistant","content":[
               {"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}},
               {"text":"a"},{"toolUse":{"toolUseId":"t","name":"f","input":{}}}]}},
             "stopReason":"tool_use","metrics":{"latencyMs":1},"serviceTier":{"type":"default"},
             "usage":{"inputTokens":2,"outputTokens":2,"totalTokens":5,"cacheReadInputTokens":1,
               "cacheWriteInputTokens":0}}""";

    private ChatAnswers() {}

    /** {@return what a provider answers in its own API} */
    static String of(String provider) {
        return switch (provider) {
            case "anthropic" -> ANTHROPIC;
            case "bedrock" -> BEDROCK;
            default -> OPENAI;
        };
    }

    /** {@return the names of the fields, in Markdown} */
    static List<String> labels() {
        return FIELDS.stream()
                .map(pointer -> "`" + pointer.substring(1).replace("/0/", "[]/").replace('/', '.') + "`")
                .toList();
    }

    /**
     * {@return where a field of an answer comes from, for people}
     *
     * @param said what the provider answered
     * @param reply what the client got for it
     */
    static String origin(String pointer, String said, Reply reply) {
        if (reply.text().equals(said)) {
            return FieldFate.PASSED;
        }
        JsonNode field = reply.json().at(pointer);
        return field.isMissingNode() || field.isNull() ? "absent" : "mapped";
    }
}
