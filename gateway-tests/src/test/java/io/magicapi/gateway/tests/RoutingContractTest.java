package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.Routing;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a request finds its provider and the place there, and what the gateway says of models by itself. */
class RoutingContractTest {

    private static final String BODY =
            "{\"model\":\"llama-3.1-8b-instant\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    /** One real provider. */
    @RegisterExtension
    static final GatewayExtension groqOnly = GroqJar.gateway();

    /** Two real providers, the second of which lists a model of the first. */
    @RegisterExtension
    static final GatewayExtension two = GroqJar.gateway().plugin(acme()).provider("acme", "/acme/v1");

    /** Two real providers, one of which nobody has set up. */
    @RegisterExtension
    static final GatewayExtension oneSetUp =
            GroqJar.gateway().plugin(PluginJar.of("spare").provider("spare", "https://spare.test"));

    /** Two real providers that nobody has set up, but for a key of one. */
    @RegisterExtension
    static final GatewayExtension oneKey = new GatewayExtension()
            .plugin(GroqJar.PATH)
            .plugin(PluginJar.of("spare").provider("spare", "https://spare.test"))
            .environment("GROQ_API_KEY", "gsk_canary_held");

    /** Two real providers and a default. */
    @RegisterExtension
    static final GatewayExtension withDefault = GroqJar.gateway()
            .plugin(acme())
            .provider("acme", "/acme/v1")
            .config(config -> config.withRouting(new Routing(Optional.of("acme"))));

    /** No plugin, until a test drops one in. */
    @RegisterExtension
    static final GatewayExtension empty = new GatewayExtension().provider("groq", "/openai");

    /** One real provider; another is configured, but its plugin is not there. */
    @RegisterExtension
    static final GatewayExtension acmeAbsent = GroqJar.gateway().provider("acme", "/acme");

    /** An alias of the operator's, and one for a provider that is not there. */
    @RegisterExtension
    static final GatewayExtension withAliases = GroqJar.gateway()
            .config(config -> config.withModels(Map.of(
                            "smart", ModelRoute.to("groq/openai/gpt-oss-120b"),
                            "groq/gone", ModelRoute.to("acme/x")))
                    .withRouting(new Routing(Optional.of("echo"))));

    /** Aliases that are called like models, or like nothing an operator types by habit. */
    @RegisterExtension
    static final GatewayExtension hiding = GroqJar.gateway()
            .config(config -> config.withModels(Stream.of("smart", "groq/gemma2-9b-it", "gemma2-9b-it", "мудрый +1")
                    .collect(Collectors.toMap(name -> name, name -> ModelRoute.to("groq/openai/gpt-oss-120b")))));

    private static PluginJar acme() {
        return PluginJar.of("acme").source("""
                package com.acme;

                import io.magicapi.gateway.api.Model;
                import io.magicapi.gateway.api.Provider;
                import java.io.ByteArrayInputStream;
                import java.util.List;
                import org.pf4j.Extension;

                @Extension
                public final class AcmeProvider implements Provider {
                    @Override public String name() { return "acme"; }
                    @Override public String baseUrl() { return "https://acme.test"; }
                    @Override public List<Model> models() {
                        return Model.readCatalogue(new ByteArrayInputStream(
                                "[{\\"id\\":\\"acme-1\\"},{\\"id\\":\\"gemma2-9b-it\\"}]".getBytes()));
                    }
                }
                """);
    }

    // --- the target

    @ParameterizedTest(name = "{0}")
    @DisplayName("R1, R3: each way to write an API path reaches the same place below the provider's base URL")
    @CsvSource({
        "/v1/chat/completions, /openai/v1/chat/completions",
        "/openai/v1/chat/completions, /openai/v1/chat/completions",
        "/chat/completions, /openai/v1/chat/completions",
        "/v1/chat/completions/, /openai/v1/chat/completions",
        "/v1/chat/completions?a=1&b=%2F&c, /openai/v1/chat/completions?a=1&b=%2F&c",
        "/v1/chat/completions?, /openai/v1/chat/completions?",
        "/v1/chat/completions/?x=/../, /openai/v1/chat/completions?x=/../",
    })
    void aliases(String asked, String expected) {
        RawReply reply =
                RawConnection.ask(groqOnly, RawRequest.post(asked, BODY).header("x-provider", "groq"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(groqOnly.upstream().awaitRequest().target()).isEqualTo(expected);
    }

    @Test
    @DisplayName("R1: a base URL that ends in /v1 does not get a second one")
    void baseUrlWithVersion() {
        RawConnection.ask(two, RawRequest.post("/v1/chat/completions", BODY).header("x-provider", "acme"));

        assertThat(two.upstream().awaitRequest().target()).isEqualTo("/acme/v1/chat/completions");
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R2: name and value of x-provider are read in any case, trimmed, and stay here")
    @ValueSource(strings = {"x-provider: groq", "X-PROVIDER: GROQ", "X-Provider:   Groq \t"})
    void providerHeader(String line) {
        int colon = line.indexOf(':');
        RawReply reply = RawConnection.ask(
                two,
                RawRequest.post("/v1/chat/completions", BODY)
                        .header(line.substring(0, colon), line.substring(colon + 1))
                        .header("X-Gateway-Anything", "1"));

        ReceivedRequest received = two.upstream().awaitRequest();
        assertThat(reply.status()).isEqualTo(200);
        assertThat(received.target()).startsWith("/openai/");
        assertThat(received.headers("x-provider")).isEmpty();
        assertThat(received.headers("x-gateway-anything")).isEmpty();
    }

    @ParameterizedTest(name = "{0} {1}")
    @DisplayName("R4: any method on any path of a served operation is routed")
    @CsvSource({
        "GET, /v1/files",
        "GET, /v1/files/file-1/content",
        "DELETE, /v1/files/file-1",
        "GET, /v1/models",
        "DELETE, /v1/models/ft:x",
        "GET, /v1/batches/batch-1",
        "POST, /v1/batches/batch-1/cancel",
        "GET, /v1/chat/completions",
        "PUT, /v1/files/file-1",
        "PATCH, /v1/files/file-1"
    })
    void methods(String method, String path) {
        groqOnly.upstream().answerWith(Answer.json(200, "{}"));

        RawReply reply = RawConnection.ask(groqOnly, RawRequest.of(method, path).header("x-provider", "groq"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(groqOnly.upstream().awaitRequest().requestLine())
                .isEqualTo(method + " /openai" + path + " HTTP/1.1");
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R4: an operation the provider does not serve is a 404 that names provider and path")
    @ValueSource(strings = {"/v1/completions", "/v1/images/generations", "/v1/moderations", "/openai/v1/assistants"})
    void unservedOperations(String path) {
        RawReply reply = RawConnection.ask(groqOnly, RawRequest.post(path, BODY).header("x-provider", "groq"));

        assertThat(reply.assertRefusal(404, "unknown_url"))
                .contains("groq", path.substring(path.indexOf("/v1")).replace("/generations", ""));
        assertThat(groqOnly.upstream().requests()).isEmpty();
    }

    // --- the choice

    @Test
    @DisplayName("R5: the header wins, and a model with a slash then passes untouched")
    void headerWins() {
        String body = "{\"model\":\"acme/acme-1\"}";

        RawConnection.ask(two, RawRequest.chat(body));

        ReceivedRequest received = two.upstream().awaitRequest();
        assertThat(received.target()).startsWith("/openai/");
        assertThat(received.text()).isEqualTo(body);
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R5: a model provider/model chooses the provider; only its own bytes are exchanged")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`{\"n\":1e-8, \"model\" : \"groq/llama-3.1-8b-instant\" ,\"s\":\"\\ud800\\u0000\"}` "
                        + "| `{\"n\":1e-8, \"model\" : \"llama-3.1-8b-instant\" ,\"s\":\"\\ud800\\u0000\"}`",
                "`{\"model\":\"GROQ/openai/gpt-oss-120b\",\"i\":9007199254740993}` "
                        + "| `{\"model\":\"openai/gpt-oss-120b\",\"i\":9007199254740993}`",
                "`{\"model\":\"\\u0067roq\\/a\\\"b\"}` | `{\"model\":\"a\\\"b\"}`",
                "`\t{\"a\":{\"model\":\"x\"},\"model\":\"groq/é\"}\n` | `\t{\"a\":{\"model\":\"x\"},\"model\":\"é\"}\n`"
            })
    void modelPrefix(String sent, String expected) {
        RawConnection.ask(two, RawRequest.post("/v1/chat/completions", sent));

        ReceivedRequest received = two.upstream().awaitRequest();
        assertThat(received.target()).startsWith("/openai/");
        assertThat(received.text()).isEqualTo(expected);
        assertThat(received.header("content-length"))
                .hasValue(Integer.toString(expected.getBytes(StandardCharsets.UTF_8).length));
    }

    @Test
    @DisplayName("R5: an id that begins with the provider's own name and is in its catalogue is no prefix")
    void idWithProvidersName() {
        String body = "{\"model\":\"groq/compound\"}";

        RawConnection.ask(two, RawRequest.post("/v1/chat/completions", body));

        assertThat(two.upstream().awaitRequest().text()).isEqualTo(body);
    }

    @Test
    @DisplayName("R5: without header and prefix the configured default is taken")
    void defaultProvider() {
        RawConnection.ask(withDefault, RawRequest.post("/v1/chat/completions", BODY));

        assertThat(withDefault.upstream().awaitRequest().target()).startsWith("/acme/");
    }

    @Test
    @DisplayName("R5: without a default, the only provider that lists the model is taken")
    void listedModel() {
        RawConnection.ask(two, RawRequest.post("/v1/chat/completions", "{\"model\":\"acme-1\"}"));
        RawConnection.ask(two, RawRequest.post("/v1/chat/completions", BODY));

        assertThat(two.upstream().awaitRequest().target()).startsWith("/acme/");
        assertThat(two.upstream().awaitRequest().target()).startsWith("/openai/");
    }

    @Test
    @DisplayName("R5: the only provider besides echo is taken for a model that nobody lists")
    void soleProvider() {
        RawConnection.ask(groqOnly, RawRequest.post("/v1/chat/completions", "{\"model\":\"brand-new\"}"));

        assertThat(groqOnly.upstream().awaitRequest().text()).isEqualTo("{\"model\":\"brand-new\"}");
    }

    @Test
    @DisplayName("R5: of several providers that nobody is asked for, the only one that was set up is taken")
    void soleProviderSetUp() {
        RawConnection.ask(oneSetUp, RawRequest.post("/v1/chat/completions", "{\"model\":\"brand-new\"}"));

        assertThat(oneSetUp.upstream().awaitRequest().text()).isEqualTo("{\"model\":\"brand-new\"}");
    }

    @Test
    @DisplayName("R5: a key sets a provider up")
    void soleProviderWithKey() {
        // Groq serves no such operation, so nothing is sent.
        RawReply reply = RawConnection.ask(oneKey, RawRequest.post("/v1/moderations", "{\"model\":\"brand-new\"}"));

        assertThat(reply.assertRefusal(404, "unknown_url")).contains("groq");
    }

    @Test
    @DisplayName("R5: an alias goes before prefix and default, and what it stands for is sent")
    void alias() {
        RawReply reply = RawConnection.ask(
                withAliases,
                RawRequest.post(
                        "/v1/chat/completions",
                        "{\"model\": \"smart\" ,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(withAliases.upstream().awaitRequest().text())
                .isEqualTo(
                        "{\"model\": \"openai/gpt-oss-120b\" ,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        assertThat(RawConnection.ask(withAliases, RawRequest.post("/v1/chat/completions", "{\"model\":\"groq/gone\"}"))
                        .assertRefusal(400, "provider_not_found"))
                .contains("models.groq/gone");
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R5: the model of a JSON body counts on any path, also on one that is not known here")
    @ValueSource(strings = {"/v1/responses/input_tokens", "/v1/batches", "/v1/files/x", "/v1/chat/completions/x"})
    void modelOnAnyPath(String path) {
        String body = "{\"input\":[\"\\ud800\"], \"model\": \"%s\"}";

        RawConnection.ask(two, RawRequest.post(path, body.formatted("acme/org/new")));
        RawConnection.ask(hiding, RawRequest.post(path, body.formatted("мудрый +1")));

        ReceivedRequest prefixed = two.upstream().awaitRequest();
        assertThat(prefixed.target()).isEqualTo("/acme" + path);
        assertThat(prefixed.text()).isEqualTo(body.formatted("org/new"));
        ReceivedRequest routed = hiding.upstream().awaitRequest();
        assertThat(routed.target()).isEqualTo("/openai" + path);
        assertThat(routed.text()).isEqualTo(body.formatted("openai/gpt-oss-120b"));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R13: where the body need not be JSON, one that is none passes, and the provider is chosen without it")
    @ValueSource(
            strings = {
                "",
                "[1]",
                "{\"model\":",
                "{\"model\":\"groq/a\",\"model\":\"groq/b\"}",
                "{\"model\":7}",
                "{\"purpose\":\"x\"}"
            })
    void unreadableOnAnyPath(String body) {
        withDefault.upstream().answerWith(Answer.json(200, "{}"));

        RawReply reply = RawConnection.ask(withDefault, RawRequest.post("/v1/batches", body));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        ReceivedRequest received = withDefault.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/acme/v1/batches");
        assertThat(received.text()).isEqualTo(body);
    }

    @Test
    @DisplayName("R5: so does the model of a form that makes a video")
    void videoForm() {
        String form = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n%s\r\n--x--\r\n";

        RawConnection.ask(
                two,
                RawRequest.post("/v1/videos", form.formatted("acme/sora"))
                        .without("content-type")
                        .header("Content-Type", "multipart/form-data; boundary=x"));

        ReceivedRequest received = two.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/acme/v1/videos");
        assertThat(received.text()).isEqualTo(form.formatted("sora"));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R15: a model of a provider that is configured, but not loaded, goes to no other one")
    @ValueSource(strings = {"acme/any", "ACME/any"})
    void keyGoesNowhereElse(String model) {
        RawReply reply = RawConnection.ask(
                acmeAbsent, RawRequest.post("/v1/chat/completions", "{\"model\":\"" + model + "\",\"messages\":[]}"));

        assertThat(reply.assertRefusal(400, "provider_not_found")).contains("loaded: echo, groq");
        assertThat(acmeAbsent.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R5: a model that two providers list is refused, naming both")
    void ambiguous() {
        RawReply reply =
                RawConnection.ask(two, RawRequest.post("/v1/chat/completions", "{\"model\":\"gemma2-9b-it\"}"));

        assertThat(reply.assertRefusal(400, "provider_ambiguous")).contains("acme", "groq", "x-provider");
        assertThat(reply.json().at("/error/param").asText()).isEqualTo("x-provider");
    }

    @Test
    @DisplayName("R5: no rule applies: a 400 about x-provider that lists what is loaded")
    void undecided() {
        RawReply reply = RawConnection.ask(two, RawRequest.post("/v1/chat/completions", "{\"model\":\"nobody-has\"}"));

        assertThat(reply.assertRefusal(400, "provider_required"))
                .contains("\"nobody-has\"", "acme, echo, groq", "x-provider");
        assertThat(reply.json().at("/error/param").asText()).isEqualTo("x-provider");
        assertThat(two.upstream().requests()).isEmpty();
    }

    @ParameterizedTest(name = "\"{0}\"")
    @DisplayName("R6: an unknown provider is a 400 that lists those loaded")
    @ValueSource(strings = {"grok", "", "groq, acme", "../groq", "groq\u00e9"})
    void unknownProvider(String name) {
        RawReply reply = RawConnection.ask(
                two, RawRequest.post("/v1/chat/completions", BODY).header("x-provider", name));

        assertThat(reply.assertRefusal(400, "provider_not_found")).contains("loaded: acme, echo, groq");
        assertThat(reply.json().at("/error/param").asText()).isEqualTo("x-provider");
        assertThat(two.upstream().requests()).isEmpty();
    }

    @ParameterizedTest(name = "{0} and {1}")
    @DisplayName("R8: x-provider sent twice is a 400, even with the same value")
    @CsvSource({"groq, acme", "groq, groq"})
    void duplicateHeader(String first, String second) {
        RawReply reply = RawConnection.ask(
                two,
                RawRequest.post("/v1/chat/completions", BODY)
                        .header("x-provider", first)
                        .header("X-Provider", second));

        reply.assertRefusal(400, "invalid_request");
        assertThat(two.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R6: the same request succeeds after the plugin is dropped in; after its removal streams finish")
    void hotLoading() throws IOException {
        Path jar = empty.plugins().resolve("groq.jar");
        RawRequest request = RawRequest.chat(BODY);
        RawConnection.ask(empty, request).assertRefusal(400, "provider_not_found");

        Files.copy(GroqJar.PATH, jar);

        await().atMost(Duration.ofSeconds(10))
                .until(() -> RawConnection.ask(empty, request).status() == 200);

        empty.upstream()
                .enqueue(Answer.events(
                        Duration.ofMillis(400), Streams.chat("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")));
        try (RawConnection connection = RawConnection.to(empty)) {
            connection.send(RawRequest.chat("{\"model\":\"m\",\"stream\":true}"));
            await().until(() -> empty.gateway().inFlight() == 1);

            Files.delete(jar);

            await().atMost(Duration.ofSeconds(10))
                    .until(() -> RawConnection.ask(empty, request).status() == 400);
            await("the stream goes on")
                    .atMost(Duration.ofMillis(200))
                    .until(() -> empty.gateway().inFlight() == 1);
            RawReply stream = connection.read();
            assertThat(stream.whole()).isTrue();
            assertThat(stream.text()).contains("\"j\"").endsWith("data: [DONE]\n\n");
        }
        RawConnection.ask(empty, request).assertRefusal(400, "provider_not_found");
    }

    // --- paths that try to get somewhere else

    @ParameterizedTest(name = "{0}")
    @DisplayName("R7: the raw bytes of a path are forwarded")
    @ValueSource(
            strings = {
                "/v1/models/meta-llama%2Fllama-4", "/v1/models/meta-llama/llama-4", "/v1/models/ft:a:b%3Ac",
                        "/v1/files/%C3%A9%20x",
                "/v1/files/a..b", "/v1/files/...", "/v1/files/%41?%zz", "/v1/files/a+b~c!$&'()*,=@"
            })
    void rawPath(String path) {
        groqOnly.upstream().answerWith(Answer.json(200, "{}"));

        RawReply reply = RawConnection.ask(groqOnly, RawRequest.get(path).header("x-provider", "groq"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(groqOnly.upstream().awaitRequest().target()).isEqualTo("/openai" + path);
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R7: a path that could leave the provider's base path is refused, and nothing is sent")
    @ValueSource(
            strings = {
                "/v1/../admin",
                "/v1/..",
                "/v1/./models",
                "/v1/files/..",
                "/v1/files/../../../secret",
                "/v1/%2e%2e/admin",
                "/v1/%2E./admin",
                "/v1/.%2e/admin",
                "/v1/%252e%252e/admin",
                "/v1/files/%25252e%25252e",
                "/v1/files/..%2f..%2fsecret",
                "/v1/files/x%2f..%2f..",
                "/v1/files/..;/x",
                "/v1/files/..;a=b/x",
                "/v1/files/%2e%2e%3b/x",
                "/v1//files",
                "//v1/files",
                "/v1/files//",
                "/v1/files%2f%2fx",
                "/v1/%2f/x",
                "/v1/files/..\\x",
                "/v1/files\\..\\x",
                "/v1/files/%5c..%5cx",
                "/v1/files/%00",
                "/v1/files/%0d%0aX:%20y",
                "/v1/files/%7f",
                "/v1/files/%",
                "/v1/files/%4",
                "/v1/files/%zz",
                "/v1/files/%u002e",
                "/v1/files/x#y",
                "/v1/files/é",
                "http://evil.test/v1/files",
                "https://evil.test/v1/files",
                "http:/v1/files",
                "evil.test:80",
                "@evil.test/v1/files",
                "*",
                "v1/files",
                "?x",
                "/v1/files/%c0%ae%c0%ae/x"
            })
    void pathTricks(String target) {
        RawReply reply = RawConnection.ask(groqOnly, RawRequest.get(target).header("x-provider", "groq"));

        assertThat(reply.status()).as("%s", reply).isBetween(400, 499);
        reply.assertErrorShape();
        assertThat(groqOnly.upstream().requests()).isEmpty();
        assertThat(groqOnly.upstream().garbage()).isEmpty();
    }

    // --- models

    @ParameterizedTest(name = "{0}")
    @DisplayName("R44: GET /v1/models lists the whole catalogue, with numbers, and without any network")
    @CsvSource({
        "gemma2-9b-it, 8192, 0, Google",
        "gemma-7b-it, 8192, 0, Google",
        "llama3-groq-70b-8192-tool-use-preview, 8192, 0, Groq",
        "llama3-groq-8b-8192-tool-use-preview, 8192, 0, Groq",
        "llama-3.1-70b-versatile, 128000, 32768, Meta",
        "llama-3.1-70b-specdec, 128000, 8192, Meta",
        "llama-3.1-8b-instant, 128000, 8192, Meta",
        "llama-3.2-1b-preview, 128000, 8192, Meta",
        "llama-3.2-3b-preview, 128000, 8192, Meta",
        "llama-3.2-11b-vision-preview, 128000, 8192, Meta",
        "llama-3.2-90b-vision-preview, 128000, 8192, Meta",
        "llama-guard-3-8b, 8192, 0, Meta",
        "llama3-70b-8192, 8192, 0, Meta",
        "llama3-8b-8192, 8192, 0, Meta",
        "mixtral-8x7b-32768, 32768, 0, Mistral"
    })
    void catalogue(String id, int contextWindow, int maxTokens, String ownedBy) {
        RawReply reply =
                RawConnection.ask(groqOnly, RawRequest.get("/v1/models").without("authorization"));

        JsonNode list = reply.json();
        assertThat(list.path("object").asText()).isEqualTo("list");
        JsonNode model = entry(list, "groq/" + id);
        assertThat(model.path("object").asText()).isEqualTo("model");
        assertThat(model.path("created").isIntegralNumber()).isTrue();
        assertThat(model.path("owned_by").asText()).isEqualTo(ownedBy);
        assertThat(model.path("context_window").asInt()).isEqualTo(contextWindow);
        assertThat(model.path("max_completion_tokens").asInt()).isEqualTo(maxTokens);
        assertThat(model.path("active").isBoolean()).isTrue();
        assertThat(groqOnly.upstream().requests()).isEmpty();
    }

    private static JsonNode entry(JsonNode list, String id) {
        for (JsonNode model : list.path("data")) {
            if (model.path("id").asText().equals(id)) {
                return model;
            }
        }
        throw new AssertionError("no " + id + " in " + list);
    }

    @Test
    @DisplayName(
            "R44: the list has every loaded provider's models, under all aliases; a retired one says when and what now")
    void allProviders() {
        for (String path : new String[] {"/v1/models", "/openai/v1/models", "/models", "/v1/models/"}) {
            JsonNode list = RawConnection.ask(two, RawRequest.get(path)).json();

            entry(list, "acme/acme-1");
            JsonNode retired = entry(list, "groq/mixtral-8x7b-32768");
            assertThat(retired.path("active").asBoolean()).isFalse();
            assertThat(retired.path("shutdown_date").asText()).matches("\\d{4}-\\d\\d-\\d\\d");
            assertThat(retired.path("replacement").asText()).startsWith("groq/");
        }
    }

    @Test
    @DisplayName("R44: the list begins with the routes of the configuration, which requests may name as well")
    void routesListed() {
        JsonNode list = RawConnection.ask(hiding, RawRequest.get("/v1/models")).json();

        assertThat(list.findValuesAsText("id"))
                .startsWith("gemma2-9b-it", "groq/gemma2-9b-it", "smart", "мудрый +1")
                .contains("echo/hello", "groq/openai/gpt-oss-120b");
        assertThat(entry(list, "smart"))
                .hasToString("{\"id\":\"smart\",\"object\":\"model\",\"created\":0,\"owned_by\":\"gateway\","
                        + "\"active\":true,\"route\":[\"groq/openai/gpt-oss-120b\"]}");
    }

    @Test
    @DisplayName("R44: a route in place of a provider's model is listed once")
    void routeInPlaceOfModel() {
        JsonNode list = RawConnection.ask(hiding, RawRequest.get("/v1/models")).json();

        assertThat(list.findValuesAsText("id")).containsOnlyOnce("groq/gemma2-9b-it");
        assertThat(entry(list, "groq/gemma2-9b-it").path("route").isArray()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R46: a route is found by its name, in any script, before a model that is called the same")
    @CsvSource({
        "smart, smart",
        "groq%2Fgemma2-9b-it, groq/gemma2-9b-it",
        "gemma2-9b-it, gemma2-9b-it",
        "%D0%BC%D1%83%D0%B4%D1%80%D1%8B%D0%B9%20%2B1, мудрый +1",
    })
    void oneRoute(String asked, String id) {
        JsonNode model =
                RawConnection.ask(hiding, RawRequest.get("/v1/models/" + asked)).json();

        assertThat(model.path("id").asText()).as("%s", model).isEqualTo(id);
        assertThat(model.path("route").get(0).asText()).isEqualTo("groq/openai/gpt-oss-120b");
    }

    @Test
    @DisplayName("R44: with x-provider the provider's own list is relayed, byte for byte")
    void relayedList() {
        String upstream = "{\"object\":\"list\", \"data\":[ ]}";
        groqOnly.upstream().answerWith(Answer.json(200, upstream));

        RawReply reply =
                RawConnection.ask(groqOnly, RawRequest.get("/v1/models").header("x-provider", "groq"));

        assertThat(reply.text()).isEqualTo(upstream);
        assertThat(groqOnly.upstream().awaitRequest().target()).isEqualTo("/openai/v1/models");
    }

    @Test
    @DisplayName("R45: a retired model is forwarded, with a warning that names its replacement")
    void retiredModel() {
        RawReply retired = RawConnection.ask(
                groqOnly, RawRequest.chat(BODY.replace("llama-3.1-8b-instant", "mixtral-8x7b-32768")));
        RawReply unknown =
                RawConnection.ask(groqOnly, RawRequest.chat(BODY.replace("llama-3.1-8b-instant", "brand-new")));

        assertThat(retired.status()).isEqualTo(200);
        assertThat(retired.header("x-gateway-warning").orElse("")).contains("mixtral-8x7b-32768", "shut down", "use ");
        assertThat(unknown.status()).isEqualTo(200);
        assertThat(unknown.header("x-gateway-warning")).isEmpty();
        assertThat(groqOnly.upstream().awaitRequest().text()).contains("mixtral-8x7b-32768");
    }

    @Test
    @DisplayName("R45: what the provider says of a retired model is relayed as it is")
    void refusedModel() {
        String error =
                "{\"error\":{\"message\":\"gone\",\"type\":\"invalid_request_error\",\"code\":\"model_decommissioned\"}}";
        groqOnly.upstream().answerWith(Answer.json(400, error));

        RawReply reply = RawConnection.ask(groqOnly, RawRequest.chat("{\"model\":\"gemma-7b-it\"}"));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.text()).isEqualTo(error);
        assertThat(reply.header("x-gateway-warning")).isPresent();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R46: /v1/models/{id} finds ids with slashes, encoded and plain, with and without the provider's name")
    @ValueSource(
            strings = {
                "openai/gpt-oss-120b",
                "openai%2Fgpt-oss-120b",
                "openai%2fgpt-oss-120b",
                "groq/openai/gpt-oss-120b",
                "groq%2Fopenai%2Fgpt-oss-120b",
                "groq/openai%2Fgpt-oss-120b",
                "GROQ/openai/gpt-oss-120b"
            })
    void oneModel(String id) {
        RawReply reply = RawConnection.ask(two, RawRequest.get("/v1/models/" + id));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.json().path("id").asText()).isEqualTo("groq/openai/gpt-oss-120b");
        assertThat(reply.json().path("context_window").asInt()).isPositive();
    }

    @Test
    @DisplayName("R46: a model nobody lists is a 404 that names similar ones")
    void noSuchModel() {
        RawReply reply = RawConnection.ask(two, RawRequest.get("/v1/models/openai%2Fgpt-oss-12b"));

        assertThat(reply.assertRefusal(404, "model_not_found")).contains("groq/openai/gpt-oss-120b");
    }

    @Test
    @DisplayName("R46: so are routes")
    void noSuchRoute() {
        RawReply reply = RawConnection.ask(hiding, RawRequest.get("/v1/models/smart-2"));

        assertThat(reply.assertRefusal(404, "model_not_found")).contains("similar: smart");
    }

    @Test
    @DisplayName("R46: with x-provider the lookup is the provider's, its path as the client wrote it")
    void relayedLookup() {
        groqOnly.upstream().answerWith(Answer.json(200, "{\"id\":\"x\"}"));

        RawConnection.ask(
                groqOnly, RawRequest.get("/v1/models/openai%2Fgpt-oss-120b").header("x-provider", "groq"));

        assertThat(groqOnly.upstream().awaitRequest().target()).isEqualTo("/openai/v1/models/openai%2Fgpt-oss-120b");
    }
}
