package io.magicapi.gateway.provider.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.testkit.TestCall;
import io.magicapi.gateway.testkit.TestContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PresetsTest {

    private static final TestCall CHAT = TestCall.chat("{\"model\":\"m\",\"messages\":[]}");

    private static Provider at(String name, String baseUrl, String options) {
        OpenAiShaped provider = (OpenAiShaped) Bundle.named(name);
        provider.start(new TestContext(
                name,
                baseUrl.isEmpty() ? provider.baseUrl() : baseUrl,
                Body.of(options.getBytes(StandardCharsets.UTF_8)).json(),
                Map.of()));
        return provider;
    }

    // The table

    @Test
    @DisplayName("the documentation shows every provider, its base URL and the variable of its key")
    void documented() throws IOException {
        String page = Files.readString(Path.of("../docs/providers/openai.md"));
        Matcher rows =
                Pattern.compile("(?m)^\\| `([a-z-]+)` \\| (.*?) \\| (.*?) \\|").matcher(page);

        List<String> documented = rows.results()
                .map(row -> row.group(1) + " " + row.group(2) + " " + row.group(3))
                .toList();

        assertThat(documented)
                .containsExactlyInAnyOrderElementsOf(Bundle.providers().stream()
                        .map(provider -> provider.name() + " "
                                + (provider.baseUrl().isEmpty() ? "yours" : "`" + provider.baseUrl() + "`") + " "
                                + provider.keyVariable()
                                        .map(variable -> "`" + variable + "`")
                                        .orElse("optional"))
                        .toList());
    }

    // Paths

    @ParameterizedTest
    @CsvSource({
        "openai,            '',                                     /chat/completions",
        "openai,            https://proxy.example,                  /v1/chat/completions",
        "openai,            https://proxy.example/openai/v1,        /chat/completions",
        "openai-compatible, http://10.0.0.7:8000/v1,                /chat/completions",
        "openai-compatible, http://10.0.0.7:8000,                   /v1/chat/completions",
        "openai-compatible, https://lab.example/v4/openai,          /chat/completions",
        "deepseek,          '',                                     /v1/chat/completions",
        "perplexity,        '',                                     /chat/completions",
        "azure,             https://me.openai.azure.com,            /openai/v1/chat/completions",
        "azure,             https://me.openai.azure.com/openai/v1,  /chat/completions"
    })
    @DisplayName("a base URL is what an SDK would be given; a bare host stands for the usual place on it")
    void path(String name, String baseUrl, String path) {
        assertThat(at(name, baseUrl, "{}").path(CHAT)).isEqualTo(path);
    }

    @Test
    @DisplayName("of Perplexity only chat is at the root")
    void perplexity() {
        assertThat(at("perplexity", "", "{}").path(TestCall.post("/v1/responses", "{}")))
                .isEqualTo("/v1/responses");
    }

    @Test
    @DisplayName("below the base URL the client's path is kept byte for byte")
    void rawPath() {
        assertThat(at("together", "", "{}").path(TestCall.of("GET", "/v1/models/meta%2Fllama?a=%2F&b")))
                .isEqualTo("/models/meta%2Fllama?a=%2F&b");
    }

    // Keys

    @Test
    @DisplayName("the key is a bearer token, and the client's own headers pass beside it")
    void bearer() {
        TestCall call = CHAT.withCredential("sk-test")
                .withHeader("openai-organization", "org-1")
                .withHeader("openai-project", "proj-1");

        assertThat(Bundle.named("openai").processHeaders(call.headers(), call))
                .isEqualTo(call.headers().with("authorization", "Bearer sk-test"));
    }

    @Test
    @DisplayName("services on the internet need a key; the operator's own servers are asked without")
    void keyless() {
        for (Provider provider : Bundle.providers()) {
            if (provider.keyVariable().isPresent()) {
                assertThatThrownBy(() -> provider.processHeaders(CHAT.headers(), CHAT))
                        .as(provider.name())
                        .isInstanceOf(ProviderException.class);
            } else {
                assertThat(provider.processHeaders(CHAT.headers(), CHAT))
                        .as(provider.name())
                        .isEqualTo(CHAT.headers());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0123456789abcdef, api-key, 0123456789abcdef",
        "eyJ0eXAi.e30.sig, authorization, Bearer eyJ0eXAi.e30.sig"
    })
    @DisplayName("Azure gets keys in its own header, and Entra's tokens as bearer tokens")
    void azure(String credential, String header, String value) {
        TestCall call = CHAT.withCredential(credential);

        assertThat(Bundle.named("azure").processHeaders(call.headers(), call))
                .isEqualTo(call.headers().with(header, value));
    }

    @Test
    @DisplayName("a key that the caller brings in Azure's own header goes before one that the gateway holds")
    void azureCaller() {
        TestCall call = CHAT.withCredential("held").withHeader("api-key", "callers");

        Headers sent = Bundle.named("azure").processHeaders(call.headers(), call);

        assertThat(sent.all("api-key")).containsExactly("callers");
        assertThat(sent.get("authorization")).isEmpty();
    }

    // Options

    @Test
    @DisplayName("a compatible service may want its key in a header of its own")
    void authHeader() {
        Provider provider = at("openai-compatible", "http://lab", "{\"auth-header\":\"X-Key\"}");
        TestCall call = CHAT.withCredential("k");

        assertThat(provider.processHeaders(call.headers(), call))
                .isEqualTo(call.headers().with("x-key", "k"));
        assertThat(provider.processHeaders(CHAT.headers(), CHAT)).isEqualTo(CHAT.headers());
    }

    @ParameterizedTest
    @CsvSource({
        "openai,            '{\"auth-header\":\"x\"}',   auth-header",
        "openai-compatible, '{\"auth-heder\":\"x\"}',    auth-heder",
        "openai-compatible, '{\"auth-header\":\"a b\"}', header name",
        "openai-compatible, '{\"auth-header\":\"\"}',    empty"
    })
    @DisplayName("an option that is not known keeps the provider from starting, and so does a value that is none")
    void options(String name, String options, String word) {
        assertThatThrownBy(() -> at(name, "http://lab", options))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(word);
    }

    // The catalogue

    @Test
    @DisplayName("OpenAI's catalogue lists no model twice, and successors that serve")
    void catalogue() {
        List<Model> models = Bundle.named("openai").models();
        List<String> active = models.stream()
                .filter(model -> model.status() == Model.Status.ACTIVE)
                .map(Model::id)
                .toList();

        assertThat(models).hasSizeGreaterThan(20).extracting(Model::id).doesNotHaveDuplicates();
        assertThat(models.stream().map(Model::replacement).flatMap(Optional::stream))
                .isNotEmpty()
                .isSubsetOf(active);
        assertThat(models)
                .filteredOn(model -> model.status() != Model.Status.ACTIVE)
                .allSatisfy(model -> assertThat(model.shutdown()).as(model.id()).isPresent());
    }

    @Test
    @DisplayName("the other providers list no models of their own")
    void noCatalogue() {
        assertThat(Bundle.providers())
                .filteredOn(provider -> !provider.name().equals("openai"))
                .hasSize(16)
                .allSatisfy(provider -> assertThat(provider.models()).isEmpty());
    }
}
