package io.magicapi.gateway.provider.groq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.testkit.TestCall;
import io.magicapi.gateway.testkit.TestContext;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroqProviderTest {

    private static final String PLAIN = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    private final GroqProvider groq = new GroqProvider();

    private GroqProvider groqThat(String policy) {
        groq.start(TestContext.of(groq, "{\"unsupported-fields\":\"" + policy + "\"}"));
        return groq;
    }

    private static UpstreamRequest open(GroqProvider provider, Call call) {
        return provider.open(call).request();
    }

    // Identity and headers

    @Test
    @DisplayName("it is called groq and is reached at api.groq.com/openai")
    void identity() {
        assertThat(groq.name()).isEqualTo("groq");
        assertThat(groq.baseUrl()).isEqualTo("https://api.groq.com/openai");
        assertThat(groq.keyVariable()).hasValue("GROQ_API_KEY");
        assertThat(groq.usagePointers()).containsExactly("/x_groq/usage", "/usage");
    }

    @Test
    @DisplayName("Llama goes on with an answer of which it is given the beginning; of other models that is not known")
    void continues() {
        assertThat(groq.continuesAnswers("llama-3.1-8b-instant")).isTrue();
        assertThat(groq.continuesAnswers("openai/gpt-oss-20b")).isFalse();
        assertThat(groq.continuesAnswers("groq/compound")).isFalse();
        assertThat(groq.continuesAnswers("")).isFalse();
    }

    @Test
    @DisplayName(
            "a chat goes to the path the client asked for, with the key as a bearer token and the client's headers")
    void chat() {
        Call call = TestCall.chat(PLAIN).withCredential("gsk_test").withHeader("openai-organization", "o");

        UpstreamRequest request = open(groq, call);

        assertThat(request.method()).isEqualTo("POST");
        assertThat(request.path()).isEqualTo("/v1/chat/completions");
        assertThat(request.headers())
                .isEqualTo(Headers.of("content-type", "application/json")
                        .with("openai-organization", "o")
                        .with("authorization", "Bearer gsk_test"));
        assertThat(request.body()).isSameAs(call.body());
    }

    @Test
    @DisplayName("without a key the call is refused, and told how to bring one")
    void missingKey() {
        assertThatThrownBy(() -> groq.open(TestCall.chat(PLAIN)))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.UNAUTHENTICATED);
                    assertThat(refusal).hasMessageContaining("no key for provider");
                });
    }

    @Test
    @DisplayName("it serves what Groq serves: no old completions, moderations or images")
    void operations() {
        assertThat(groq.operations())
                .contains(Operation.CHAT_COMPLETIONS, Operation.AUDIO_TRANSCRIPTIONS, Operation.RESPONSES)
                .doesNotContain(Operation.COMPLETIONS, Operation.MODERATIONS, Operation.IMAGES);
    }

    @ParameterizedTest
    @CsvSource({"498,true", "429,true", "500,true", "503,true", "400,false", "413,false", "422,false", "499,false"})
    @DisplayName("exhausted flex capacity may be tried again, like what may be tried again anywhere")
    void retryable(int status, boolean retryable) {
        assertThat(groq.retryable(ResponseHead.of(status, Headers.of()))).isEqualTo(retryable);
    }

    // Fields Groq does not support

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"unsupported-fields\":\"pass\"}"})
    @DisplayName("by default the body passes, and nobody looks into it")
    void pass(String options) {
        groq.start(TestContext.of(groq, options));
        Body closed = new ClosedBody();

        UpstreamRequest request =
                open(groq, TestCall.chat(PLAIN).withCredential("k").withBody(closed));

        assertThat(request.body()).isSameAs(closed);
        assertThat(groq.blocking()).isFalse();
    }

    @Test
    @DisplayName("with drop, exactly what is unsupported is left out, and a warning names it")
    void drop() {
        Call call = TestCall.chat("""
                        {"logprobs":true,"model":"m","top_logprobs":2,"logit_bias":{"1":2},"n":3,"seed":7,
                         "messages":[{"role":"user","name":"ann","content":"hi"},{"role":"assistant","content":"?"}],
                         "tools":[{"type":"function","function":{"name":"f"}}]}""").withCredential("k");

        Exchange exchange = groqThat("drop").open(call);

        ResponseHandler answer = exchange.response(ResponseHead.of(200, Headers.of()));
        assertThat(answer.isPassThrough()).isTrue();
        assertThat(answer.warning())
                .hasValue("not supported by Groq, and dropped: logprobs, top_logprobs, logit_bias, n, messages[].name");
        assertThat(exchange.request().body().json())
                .isEqualTo(TestCall.chat("""
                                {"model":"m","seed":7,
                                 "messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"?"}],
                                 "tools":[{"type":"function","function":{"name":"f"}}]}""").body().json());
        assertThat(call.body().json().has("logprobs"))
                .as("the call is not changed")
                .isTrue();
        assertThat(groq.blocking()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"drop", "reject"})
    @DisplayName("a body with nothing unsupported passes as it is, whatever the policy")
    void nothingUnsupported(String policy) {
        Call call = TestCall.chat("{\"model\":\"m\",\"n\":1,\"logprobs\":null,\"messages\":[{\"role\":\"user\"}]}")
                .withCredential("k");

        Exchange exchange = groqThat(policy).open(call);

        assertThat(exchange.request().body()).isSameAs(call.body());
        assertThat(exchange.response(ResponseHead.of(200, Headers.of())).warning())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"drop", "reject"})
    @DisplayName("other operations, and uploads that are not held, are never looked into")
    void otherOperations(String policy) {
        Call embeddings =
                TestCall.post("/v1/embeddings", "{\"model\":\"m\",\"n\":2}").withCredential("k");
        Call upload = TestCall.upload("/v1/audio/transcriptions").withCredential("k");

        assertThat(open(groqThat(policy), embeddings).body()).isSameAs(embeddings.body());
        assertThat(open(groqThat(policy), upload).body()).isSameAs(upload.body());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"logprobs\":false} | logprobs",
                "{\"top_logprobs\":1} | top_logprobs",
                "{\"logit_bias\":{}}  | logit_bias",
                "{\"n\":2}            | n",
                "{\"messages\":[{\"role\":\"user\"},{\"name\":\"ann\"}]} | messages[1].name"
            })
    @DisplayName("with reject, the refusal names the field")
    void reject(String body, String param) {
        assertThatThrownBy(() -> groqThat("reject").open(TestCall.chat(body).withCredential("k")))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.INVALID_REQUEST);
                    assertThat(refusal.param()).hasValue(param);
                    assertThat(refusal).hasMessageContaining(param);
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"unsupported-fields\":\"ignore\"} | unsupported-fields must be pass, drop or reject, but was: ignore",
                "{\"unsuported-fields\":\"drop\"}    | no \"unsuported-fields\"; it may have: unsupported-fields"
            })
    @DisplayName("an option nobody knows keeps the provider from starting, and is named")
    void unknownOptions(String options, String message) {
        assertThatThrownBy(() -> groq.start(TestContext.of(groq, options)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    /** A body that must not be looked into. */
    private static final class ClosedBody implements Body {

        @Override
        public boolean isStreamed() {
            return false;
        }

        @Override
        public ByteBuffer bytes() {
            throw new AssertionError("somebody read the body");
        }

        @Override
        public JsonNode json() {
            throw new AssertionError("somebody parsed the body");
        }
    }

    // The catalogue

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "gemma2-9b-it,                          Google,  8192,   -",
                "gemma-7b-it,                           Google,  8192,   -",
                "llama3-groq-70b-8192-tool-use-preview, Groq,    8192,   -",
                "llama3-groq-8b-8192-tool-use-preview,  Groq,    8192,   -",
                "llama-3.1-70b-versatile,               Meta,    128000, 32768",
                "llama-3.1-70b-specdec,                 Meta,    128000, 8192",
                "llama-3.1-8b-instant,                  Meta,    128000, 8192",
                "llama-3.2-1b-preview,                  Meta,    128000, 8192",
                "llama-3.2-3b-preview,                  Meta,    128000, 8192",
                "llama-3.2-11b-vision-preview,          Meta,    128000, 8192",
                "llama-3.2-90b-vision-preview,          Meta,    128000, 8192",
                "llama-guard-3-8b,                      Meta,    8192,   -",
                "llama3-70b-8192,                       Meta,    8192,   -",
                "llama3-8b-8192,                        Meta,    8192,   -",
                "mixtral-8x7b-32768,                    Mistral, 32768,  -"
            })
    @DisplayName("the models the first gateway documented are listed with their numbers")
    void documentedModels(String id, String developer, int context, Integer most) {
        Model model = models().apply(id);

        assertThat(model.ownedBy()).isEqualTo(developer);
        assertThat(model.contextWindow()).hasValue(context);
        assertThat(model.maxTokens()).isEqualTo(most == null ? OptionalInt.empty() : OptionalInt.of(most));
        assertThat(model.status()).isEqualTo(Model.Status.SHUT_DOWN);
    }

    @Test
    @DisplayName("no model is listed twice")
    void unique() {
        assertThat(groq.models()).extracting(Model::id).doesNotHaveDuplicates();
    }

    @Test
    @DisplayName("every retired model names a successor that is listed and serves")
    void successors() {
        List<Model> retired = groq.models().stream()
                .filter(model -> model.status() == Model.Status.SHUT_DOWN)
                .toList();

        assertThat(retired).hasSizeGreaterThanOrEqualTo(15).allSatisfy(model -> {
            Model successor = models().apply(model.replacement().orElseThrow());
            assertThat(successor.status()).isIn(Model.Status.ACTIVE, Model.Status.PREVIEW);
        });
    }

    @Test
    @DisplayName("models in service are listed with today's numbers")
    void today() {
        Model model = models().apply("openai/gpt-oss-120b");

        assertThat(model.contextWindow()).hasValue(131072);
        assertThat(model.maxTokens()).hasValue(65536);
        assertThat(model.status()).isEqualTo(Model.Status.ACTIVE);
    }

    private Function<String, Model> models() {
        return groq.models().stream().collect(Collectors.toMap(Model::id, Function.identity()))::get;
    }
}
