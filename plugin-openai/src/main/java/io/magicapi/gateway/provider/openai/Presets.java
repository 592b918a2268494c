package io.magicapi.gateway.provider.openai;

import static java.util.Map.entry;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import java.util.List;
import java.util.Map;
import org.pf4j.Extension;

/**
 * The services that are known by name, each with its base URL, the variable of its key, and what it does differently.
 * None lists models of its own: what they serve changes weekly. {@code docs/providers/openai.md} shows the same table; a
 * test compares the two. Facts as of 2026-11-24, from the documentation of each service.
 */
final class Presets {

    private Presets() {}

    // Hosted

    /** Together AI. Tells its limits per second, and under other names. Ends answers with {@code eos}, too. */
    @Extension
    public static final class Together extends OpenAiShaped {

        private static final Map<String, String> LIMITS = Map.ofEntries(
                entry("x-ratelimit-limit", "x-ratelimit-limit-requests"),
                entry("x-ratelimit-remaining", "x-ratelimit-remaining-requests"),
                entry("x-ratelimit-reset", "x-ratelimit-reset-requests"),
                entry("x-tokenlimit-limit", "x-ratelimit-limit-tokens"),
                entry("x-tokenlimit-remaining", "x-ratelimit-remaining-tokens"));

        public Together() {
            super("together", "https://api.together.ai/v1", "TOGETHER_API_KEY");
        }

        @Override
        Map<String, String> limits() {
            return LIMITS;
        }
    }

    /** Fireworks AI. Model ids are long: {@code accounts/fireworks/models/…}. */
    @Extension
    public static final class Fireworks extends OpenAiShaped {

        public Fireworks() {
            super("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY");
        }
    }

    /** Mistral AI. Tells its limits under other names. Ends answers with {@code model_length} and {@code error}, too. */
    @Extension
    public static final class Mistral extends OpenAiShaped {

        private static final Map<String, String> LIMITS = Map.ofEntries(
                entry("x-ratelimit-limit-req-minute", "x-ratelimit-limit-requests"),
                entry("x-ratelimit-remaining-req-minute", "x-ratelimit-remaining-requests"),
                entry("x-ratelimit-limit-tokens-minute", "x-ratelimit-limit-tokens"),
                entry("x-ratelimit-remaining-tokens-minute", "x-ratelimit-remaining-tokens"));

        public Mistral() {
            super("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY");
        }

        @Override
        Map<String, String> limits() {
            return LIMITS;
        }
    }

    /** DeepSeek. Swaps type and code in errors. Ends answers with {@code insufficient_system_resource}, too. */
    @Extension
    public static final class DeepSeek extends OpenAiShaped {

        public DeepSeek() {
            super("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY");
        }

        @Override
        ResponseHandler answer(Call call, ResponseHead head) {
            return head.status() < 400 ? ResponseHandler.passThrough() : ResponseHandler.body(Answers::deepSeekError);
        }
    }

    /** xAI. */
    @Extension
    public static final class XAi extends OpenAiShaped {

        public XAi() {
            super("xai", "https://api.x.ai/v1", "XAI_API_KEY");
        }
    }

    /** OpenRouter. Hides in errors what went wrong, and errors in good answers. */
    @Extension
    public static final class OpenRouter extends OpenAiShaped {

        public OpenRouter() {
            super("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY");
        }

        @Override
        ResponseHandler answer(Call call, ResponseHead head) {
            if (head.status() >= 400) {
                return ResponseHandler.body(Answers::openRouterError);
            }
            boolean whole = call.operation().equals(Operation.CHAT_COMPLETIONS) && !call.stream();
            return whole ? ResponseHandler.body(Answers::openRouterAnswer) : ResponseHandler.passThrough();
        }
    }

    /** Cerebras. Tells its limits under other names. */
    @Extension
    public static final class Cerebras extends OpenAiShaped {

        private static final Map<String, String> LIMITS = Map.ofEntries(
                entry("x-ratelimit-limit-requests-day", "x-ratelimit-limit-requests"),
                entry("x-ratelimit-remaining-requests-day", "x-ratelimit-remaining-requests"),
                entry("x-ratelimit-reset-requests-day", "x-ratelimit-reset-requests"),
                entry("x-ratelimit-limit-tokens-minute", "x-ratelimit-limit-tokens"),
                entry("x-ratelimit-remaining-tokens-minute", "x-ratelimit-remaining-tokens"),
                entry("x-ratelimit-reset-tokens-minute", "x-ratelimit-reset-tokens"));

        public Cerebras() {
            super("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY");
        }

        @Override
        Map<String, String> limits() {
            return LIMITS;
        }
    }

    /** SambaNova. */
    @Extension
    public static final class SambaNova extends OpenAiShaped {

        public SambaNova() {
            super("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY");
        }
    }

    /** Perplexity. Chat is at the root of the host, all that came later below {@code /v1}. */
    @Extension
    public static final class Perplexity extends OpenAiShaped {

        public Perplexity() {
            super("perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY");
        }

        @Override
        String root(Call call) {
            return call.operation().equals(Operation.CHAT_COMPLETIONS) ? "" : super.root(call);
        }
    }

    /** Gemini, by its OpenAI-compatible API. Answers 400 to a refused key. */
    @Extension
    public static final class Gemini extends OpenAiShaped {

        public Gemini() {
            super("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY");
        }

        @Override
        ResponseHandler answer(Call call, ResponseHead head) {
            return head.status() == 400 ? ResponseHandler.body(Answers::geminiError) : ResponseHandler.passThrough();
        }
    }

    /**
     * Azure OpenAI, by its API without versions. Each customer has a host of their own. Takes a key in a header of its
     * own, in which callers made for it may bring theirs, and Entra's tokens as bearer tokens.
     */
    @Extension
    public static final class Azure extends OpenAiShaped {

        private static final String KEY_HEADER = "api-key";

        /** How a JSON object begins in Base64, and so every JWT; no key does. */
        private static final String JWT = "eyJ";

        public Azure() {
            super("azure", "", "AZURE_OPENAI_API_KEY");
        }

        @Override
        String root(Call call) {
            return "/openai/v1";
        }

        @Override
        public List<String> credentialHeaders() {
            return List.of(KEY_HEADER);
        }

        @Override
        public Headers processHeaders(Headers client, Call call) {
            if (client.get(KEY_HEADER).isPresent()) {
                return client;
            }
            String key = call.requireCredential().reveal();
            return key.startsWith(JWT) ? super.processHeaders(client, call) : client.with(KEY_HEADER, key);
        }
    }

    /** Cohere, by its compatibility API. */
    @Extension
    public static final class Cohere extends OpenAiShaped {

        public Cohere() {
            super("cohere", "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY");
        }
    }

    // On the operator's own machine, unless configured otherwise

    /** Ollama. */
    @Extension
    public static final class Ollama extends OpenAiShaped {

        public Ollama() {
            super("ollama", "http://127.0.0.1:11434/v1");
        }
    }

    /** vLLM. */
    @Extension
    public static final class Vllm extends OpenAiShaped {

        public Vllm() {
            super("vllm", "http://127.0.0.1:8000/v1");
        }
    }

    /** LM Studio. */
    @Extension
    public static final class LmStudio extends OpenAiShaped {

        public LmStudio() {
            super("lm-studio", "http://127.0.0.1:1234/v1");
        }
    }
}
