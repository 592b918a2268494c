package io.magicapi.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.config.GatewayConfig.Balance;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.config.LiteLlmImport.Imported;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("config import --from litellm")
class LiteLlmImportTest {

    private static final String WHOLE = """
            model_list:
              - model_name: chat
                litellm_params:
                  model: groq/llama-3.3-70b-versatile
                  api_key: os.environ/GROQ_API_KEY
                  rpm: 300
              - model_name: chat
                litellm_params:
                  model: groq/llama-3.3-70b-versatile
                  api_key: os.environ/GROQ_SECOND
                  rpm: 100
              - model_name: claude
                litellm_params: { model: anthropic/claude-x, api_key: "sk-ant-CANARY", timeout: 90 }
              - model_name: own
                litellm_params:
                  model: openai/qwen
                  api_base: http://10.0.0.7:8000/v1/
                  api_key: os.environ/OWN_KEY
                  temperature: 0.2
                model_info: { mode: chat }
              - model_name: gpt-x
                litellm_params: { model: gpt-x }
              - model_name: strange
                litellm_params: { model: elsewhere/m }
              - model_name: "openai/*"
                litellm_params: { model: "openai/*" }
            router_settings:
              routing_strategy: simple-shuffle
              num_retries: 2
              timeout: 30
              fallbacks: [{ chat: [claude, own] }, { claude: [chat] }, { own: [nowhere] }]
              model_group_alias: { default: chat }
              redis_host: os.environ/REDIS
            litellm_settings:
              drop_params: true
            general_settings:
              master_key: sk-1234
            """;

    @TempDir
    Path directory;

    private static Imported read(String yaml) {
        return LiteLlmImport.read("config.yaml", yaml.getBytes(StandardCharsets.UTF_8));
    }

    private GatewayConfig config(Imported imported) {
        return new Configs(directory).file("gateway.yaml", imported.yaml()).config();
    }

    @Test
    @DisplayName("deployments with their own keys and addresses become providers, with retries and timeouts")
    void providers() {
        GatewayConfig config = config(read(WHOLE));

        assertThat(config.providers()).containsOnlyKeys("groq", "groq-2", "anthropic", "openai-compatible", "openai");
        assertThat(config.provider("groq-2").plugin()).contains("groq");
        assertThat(config.provider("groq-2").keys())
                .containsExactly(new Key("GROQ_SECOND", Optional.of("GROQ_SECOND"), Optional.empty(), 1));
        assertThat(config.provider("groq").plugin()).isEmpty();
        ProviderSettings own = config.provider("openai-compatible");
        assertThat(own.baseUrl()).contains("http://10.0.0.7:8000/v1");
        assertThat(own.keys()).hasSize(1);
        assertThat(config.provider("anthropic").deadlines().total()).isEqualTo(Duration.ofSeconds(90));
        assertThat(config.provider("groq").deadlines().total()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.provider("openai").retries().attempts()).contains(3);
    }

    @Test
    @DisplayName(
            "entries of one model_name become a route with shares, fallbacks its further targets, and none leads back")
    void routes() {
        GatewayConfig config = config(read(WHOLE));

        assertThat(config.route("chat first").orElseThrow().route())
                .containsExactly(
                        new RouteTarget("groq/llama-3.3-70b-versatile", 300),
                        new RouteTarget("groq-2/llama-3.3-70b-versatile", 100));
        assertThat(config.route("chat").orElseThrow().route())
                .extracting(RouteTarget::name)
                .containsExactly("chat first", "anthropic/claude-x", "openai-compatible/qwen");
        assertThat(config.route("claude").orElseThrow().route())
                .extracting(RouteTarget::name)
                .containsExactly("anthropic/claude-x", "chat first");
        assertThat(config.route("default").orElseThrow().route())
                .extracting(RouteTarget::name)
                .containsExactly("chat");
        assertThat(config.route("gpt-x").orElseThrow().route())
                .extracting(RouteTarget::name)
                .containsExactly("openai/gpt-x");
        assertThat(config.route("strange")).isEmpty();
    }

    @Test
    @DisplayName("what has no counterpart is named with its line, and no key is repeated")
    void findings() {
        Imported imported = read(WHOLE);
        List<String> findings =
                imported.findings().stream().map(Problem::toString).toList();

        assertThat(findings)
                .allMatch(finding -> finding.startsWith("GW-C15 config.yaml"))
                .anyMatch(finding -> finding.contains(":6:7 litellm_params.rpm"))
                .anyMatch(finding -> finding.contains(":13:50 litellm_params.api_key"))
                .anyMatch(finding -> finding.contains("litellm_params.temperature"))
                .anyMatch(finding -> finding.contains("model_list.model_info"))
                .anyMatch(finding -> finding.contains("\"elsewhere\""))
                .anyMatch(finding -> finding.contains("openai/<model>"))
                .anyMatch(finding -> finding.contains("\"nowhere\""))
                .anyMatch(finding -> finding.contains("router_settings.redis_host"))
                .anyMatch(finding -> finding.contains("litellm_settings.drop_params"))
                .anyMatch(finding -> finding.contains("general_settings.master_key"));
        assertThat(imported.yaml() + findings).doesNotContain("CANARY", "sk-1234");
    }

    @Test
    @DisplayName("the quickest first, where LiteLLM was told so")
    void fastest() {
        Imported imported = read("""
                model_list:
                  - { model_name: a, litellm_params: { model: groq/x } }
                  - { model_name: a, litellm_params: { model: mistral/x } }
                router_settings: { routing_strategy: latency-based-routing }
                """);

        assertThat(imported.findings()).isEmpty();
        assertThat(config(imported).route("a").orElseThrow().balance()).isEqualTo(Balance.FASTEST);
    }

    @Test
    @DisplayName(
            "an entry without a key, or for all models, shares the provider with the usual variable; keys in clear "
                    + "get a variable each")
    void sharedProviders() {
        Imported imported = read("""
                model_list:
                  - { model_name: a, litellm_params: { model: openai/x, api_key: os.environ/OPENAI_API_KEY } }
                  - { model_name: "openai/*", litellm_params: { model: "openai/*" } }
                  - { model_name: "*", litellm_params: { model: "openai/*", api_key: os.environ/OPENAI_API_KEY } }
                  - { model_name: b, litellm_params: { model: y } }
                  - { model_name: c, litellm_params: { model: openai/x, api_key: sk-CANARY-1 } }
                  - { model_name: c, litellm_params: { model: openai/x, api_key: sk-CANARY-2 } }
                  - { model_name: d, litellm_params: { model: openai/z, api_key: sk-CANARY-2 } }
                """);
        GatewayConfig config = config(imported);

        assertThat(config.providers()).containsOnlyKeys("openai", "openai-2", "openai-3");
        assertThat(List.of("openai", "openai-2", "openai-3"))
                .map(name -> config.provider(name).keys().get(0).env().orElseThrow())
                .containsExactly("OPENAI_API_KEY", "OPENAI_API_KEY_2", "OPENAI_API_KEY_3");
        assertThat(config.route("b").orElseThrow().route()).containsExactly(new RouteTarget("openai/y", 1));
        assertThat(config.route("c").orElseThrow().route())
                .containsExactly(new RouteTarget("openai-2/x", 1), new RouteTarget("openai-3/x", 1));
        assertThat(config.route("d").orElseThrow().route()).containsExactly(new RouteTarget("openai-3/z", 1));
        assertThat(imported.toString()).doesNotContain("CANARY");
    }

    @Test
    @DisplayName("as in LiteLLM, a weight goes before rpm, a weight of 0 is never asked, and router_settings win")
    void precedence() {
        GatewayConfig config = config(read("""
                router_settings: { num_retries: 2, timeout: 30 }
                litellm_settings: { num_retries: 5, request_timeout: 600 }
                model_list:
                  - { model_name: a, litellm_params: { model: groq/x, weight: 3, rpm: 500 } }
                  - { model_name: a, litellm_params: { model: mistral/x, rpm: 100, weight: 1 } }
                  - { model_name: a, litellm_params: { model: xai/x, weight: 0 } }
                """));

        assertThat(config.route("a").orElseThrow().route())
                .containsExactly(new RouteTarget("groq/x", 3), new RouteTarget("mistral/x", 1));
        assertThat(config.provider("groq").retries().attempts()).contains(3);
        assertThat(config.provider("groq").deadlines().total()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    @DisplayName("strange values and shapes are findings and never an exception")
    void strange() {
        Imported imported = read("""
                model_list:
                  - text
                  - {}
                  - { model_name: 1, litellm_params: [] }
                  - { model_name: "yes", litellm_params: { model: groq/x, rpm: many, timeout: -1, api_base: os.environ/B } }
                router_settings: [1]
                litellm_settings: { fallbacks: { a: b }, num_retries: 5000 }
                callbacks: [x]
                """);

        assertThat(imported.findings()).hasSizeGreaterThan(5);
        assertThat(config(imported).route("yes")).isPresent();
        assertThatThrownBy(() -> read("a: ["))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("GW-C02");
        assertThatThrownBy(() -> read("providers: {}")).hasMessageContaining("model_list");
        assertThatThrownBy(() -> read("")).hasMessageContaining("model_list");
    }
}
