package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The fields of a chat completions request, and what becomes of each: OpenAI's, and those of the Messages API that
 * OpenAI does not have, which pass as they are. All others are lost.
 */
enum ChatField {
    MODEL("model", "`model`"),
    MESSAGES("messages", "`system` and `messages`, see below"),
    MAX_COMPLETION_TOKENS("max_completion_tokens", "`max_tokens`"),
    MAX_TOKENS("max_tokens", "`max_tokens`, where `max_completion_tokens` is absent"),
    TEMPERATURE("temperature", "`temperature`, 1 at most; lost where the model takes none"),
    TOP_P("top_p", "`top_p`; lost beside `temperature`, and where the model takes none"),
    STOP("stop", "`stop_sequences`; blank ones are lost"),
    STREAM("stream", "`stream`"),
    STREAM_OPTIONS("stream_options", "nothing: the gateway keeps `include_usage` itself"),
    TOOLS("tools", "`tools`, with the whole schema and `strict`"),
    TOOL_CHOICE(
            "tool_choice",
            "`tool_choice`: auto, any, none or one tool; forcing is lost where the model cannot be forced"),
    PARALLEL_TOOL_CALLS("parallel_tool_calls", "`tool_choice.disable_parallel_tool_use`"),
    RESPONSE_FORMAT("response_format", "`output_config.format` for `json_schema`; `json_object` is lost"),
    REASONING_EFFORT("reasoning_effort", "`thinking`, and `output_config.effort` where the model has it"),
    USER("user", "`metadata.user_id`"),
    SAFETY_IDENTIFIER("safety_identifier", "`metadata.user_id`, where `user` is absent"),
    SERVICE_TIER("service_tier", "`service_tier`: auto, or standard_only for default; others are lost"),

    TOP_K("top_k"),
    THINKING("thinking"),
    OUTPUT_CONFIG("output_config"),
    CACHE_CONTROL("cache_control"),
    CONTEXT_MANAGEMENT("context_management"),
    CONTAINER("container"),
    MCP_SERVERS("mcp_servers"),
    INFERENCE_GEO("inference_geo"),
    SPEED("speed"),

    N("n", Fate.LOST, "1"),
    LOGPROBS("logprobs", Fate.LOST, "false"),
    TOP_LOGPROBS("top_logprobs", Fate.LOST, "0"),
    LOGIT_BIAS("logit_bias", Fate.LOST, "{}"),
    PRESENCE_PENALTY("presence_penalty", Fate.LOST, "0"),
    FREQUENCY_PENALTY("frequency_penalty", Fate.LOST, "0"),
    STORE("store", Fate.LOST, "false"),
    METADATA("metadata", Fate.LOST, "{}"),
    MODALITIES("modalities", Fate.LOST, "[\"text\"]"),
    SEED("seed", Fate.LOST, ""),
    AUDIO("audio", Fate.LOST, ""),
    PREDICTION("prediction", Fate.LOST, ""),
    MODERATION("moderation", Fate.LOST, ""),
    PROMPT_CACHE_KEY("prompt_cache_key", Fate.LOST, ""),
    PROMPT_CACHE_OPTIONS("prompt_cache_options", Fate.LOST, ""),
    PROMPT_CACHE_RETENTION("prompt_cache_retention", Fate.LOST, ""),
    VERBOSITY("verbosity", Fate.LOST, ""),
    WEB_SEARCH_OPTIONS("web_search_options", Fate.LOST, ""),
    FUNCTIONS("functions", Fate.LOST, ""),
    FUNCTION_CALL("function_call", Fate.LOST, "");

    private static final Map<String, ChatField> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(field -> field.name, Function.identity()));

    private final String name;
    private final Fate fate;
    private final String note;

    /** What happens to a field. */
    private enum Fate {
        TRANSLATED,
        PASSED,
        LOST
    }

    ChatField(String name, String becomes) {
        this(name, Fate.TRANSLATED, becomes);
    }

    ChatField(String name) {
        this(name, Fate.PASSED, "the same");
    }

    /** @param note what the field becomes; of one that is lost, the value at which that does not matter, as JSON */
    ChatField(String name, Fate fate, String note) {
        this.name = name;
        this.fate = fate;
        this.note = note;
    }

    /** {@return whether a field of the request is lost, and matters} */
    static boolean isLost(String name, JsonNode value) {
        ChatField field = BY_NAME.get(name);
        return !value.isNull() && (field == null || (field.fate == Fate.LOST && !field.note.equals(text(value))));
    }

    private static String text(JsonNode value) {
        boolean whole = value.isNumber() && value.doubleValue() == (int) value.doubleValue();
        return whole ? Integer.toString((int) value.doubleValue()) : value.toString();
    }

    boolean passes() {
        return fate == Fate.PASSED;
    }

    /** {@return its name in the request} */
    String field() {
        return name;
    }

    /** {@return what it becomes, for people} */
    String becomes() {
        return fate != Fate.LOST ? note : note.isEmpty() ? "lost" : "lost, unless `" + note + "`";
    }
}
