package io.magicapi.gateway.tests;

import io.magicapi.gateway.testkit.GatewayExtension;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Our plugin for OpenAI and what speaks its API, as the build made it. */
final class OpenAiJar {

    /** The jar; the build copies it here before the tests run. */
    static final Path PATH = Path.of("target/plugin-jars/openai.jar");

    /** Where each provider's real base URL has its API, and so the fake upstream too. */
    static final Map<String, String> PLACES = new TreeMap<>(Map.ofEntries(
            Map.entry("openai", "/v1"),
            Map.entry("openai-compatible", "/v1"),
            Map.entry("azure", "/openai/v1"),
            Map.entry("cerebras", "/v1"),
            Map.entry("cohere", "/compatibility/v1"),
            Map.entry("deepseek", ""),
            Map.entry("fireworks", "/inference/v1"),
            Map.entry("gemini", "/v1beta/openai"),
            Map.entry("lm-studio", "/v1"),
            Map.entry("mistral", "/v1"),
            Map.entry("ollama", "/v1"),
            Map.entry("openrouter", "/api/v1"),
            Map.entry("perplexity", ""),
            Map.entry("sambanova", "/v1"),
            Map.entry("together", "/v1"),
            Map.entry("vllm", "/v1"),
            Map.entry("xai", "/v1")));

    private OpenAiJar() {}

    /** {@return a gateway that has the plugin, all of its providers pointed at the fake upstream} */
    static GatewayExtension gateway() {
        GatewayExtension gateway = new GatewayExtension().plugin(PATH);
        PLACES.forEach(gateway::provider);
        return gateway;
    }
}
