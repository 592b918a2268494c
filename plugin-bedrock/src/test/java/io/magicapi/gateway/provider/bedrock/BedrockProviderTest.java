package io.magicapi.gateway.provider.bedrock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BedrockProviderTest {

    private static final String CHAT =
            "{\"model\":\"anthropic.claude-haiku-4-5-20251001-v1:0\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    private static final TestContext CONTEXT = TestContext.of(Bedrock.unstarted(), "{}");

    private static Headers sent(TestContext context, TestCall call) {
        return Bedrock.started(context).open(call).request().headers();
    }

    private static TestContext options(String options) {
        return TestContext.of(Bedrock.unstarted(), options);
    }

    @Nested
    class Requests {

        @Test
        @DisplayName("it is called bedrock, serves chats and has the variable of AWS's SDKs for its API keys")
        void identity() {
            BedrockProvider bedrock = new BedrockProvider();

            assertThat(bedrock.name()).isEqualTo("bedrock");
            assertThat(bedrock.operations()).containsExactly(Operation.CHAT_COMPLETIONS);
            assertThat(bedrock.keyVariable()).hasValue("AWS_BEARER_TOKEN_BEDROCK");
            assertThat(bedrock.credentialHeaders())
                    .containsExactly(
                            "x-aws-access-key-id", "x-aws-secret-access-key", "x-aws-session-token", "x-aws-region");
            assertThat(bedrock.usagePointers()).containsExactly("/usage");
        }

        @Test
        @DisplayName("a chat is posted to its model's converse, a stream to converse-stream")
        void paths() {
            UpstreamRequest plain = Bedrock.open(CHAT).request();
            UpstreamRequest stream =
                    Bedrock.open(CHAT.replaceFirst("\\{", "{\"stream\":true,")).request();

            assertThat(plain.method()).isEqualTo("POST");
            assertThat(plain.path()).isEqualTo("/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse");
            assertThat(plain.headers().get("accept")).hasValue("application/json");
            assertThat(stream.path()).isEqualTo("/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream");
            assertThat(stream.headers().get("accept")).hasValue("application/vnd.amazon.eventstream");
            assertThat(stream.body().json()).isEqualTo(plain.body().json());
        }

        @Test
        @DisplayName("an ARN is one segment of the path")
        void arn() {
            String arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0";

            assertThat(Bedrock.open("{\"model\":\"" + arn + "\",\"messages\":[]}")
                            .request()
                            .path())
                    .isEqualTo("/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2F"
                            + "us.meta.llama3-3-70b-instruct-v1%3A0/converse");
        }

        @ParameterizedTest
        @ValueSource(strings = {"\".\"", "\"..\"", "\"\"", "\" \"", "null"})
        @DisplayName("a model that is none, or would lead elsewhere, is refused")
        void noModel(String model) {
            assertThatThrownBy(() -> Bedrock.open("{\"model\":" + model + ",\"messages\":[]}"))
                    .asInstanceOf(type(ProviderException.class))
                    .satisfies(refusal -> assertThat(refusal.param()).hasValue("model"));
        }

        @Test
        @DisplayName("a body that is JSON and no object is refused")
        void noObject() {
            assertThatThrownBy(() -> Bedrock.open("[]"))
                    .asInstanceOf(type(ProviderException.class))
                    .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.INVALID_REQUEST));
        }

        @Test
        @DisplayName("none of the client's headers goes to AWS")
        void clientHeaders() {
            TestCall call =
                    Bedrock.call(CHAT).withHeader("x-stainless-lang", "js").withHeader("openai-project", "p");

            assertThat(sent(CONTEXT, call))
                    .isEqualTo(Headers.of("content-type", "application/json")
                            .with("accept", "application/json")
                            .with("authorization", "Bearer bedrock-api-key-test"));
        }
    }

    @Nested
    class Credentials {

        private static final TestContext HELD = CONTEXT.withEnvironment("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
                .withEnvironment("AWS_SECRET_ACCESS_KEY", "environment-canary");

        private static final TestCall BARE = TestCall.chat(CHAT);

        private static final TestCall CALLERS = BARE.withHeader("x-aws-access-key-id", "AKIACALLER")
                .withHeader("x-aws-secret-access-key", "caller-canary")
                .withHeader("x-aws-session-token", "caller-token");

        @TempDir
        Path folder;

        private TestContext file(String text, String options) throws IOException {
            Path file = Files.writeString(folder.resolve("credentials"), text);
            return options("{\"credentials-file\":\"" + file + "\"" + options + "}");
        }

        private static final String PROFILES = """
                # people's own
                [default]
                aws_access_key_id = AKIADEFAULT
                aws_secret_access_key=default-canary

                [work]
                ; temporary
                aws_access_key_id=AKIAWORK
                aws_secret_access_key = work=canary
                aws_session_token = work-token
                region = eu-west-1
                [empty]
                """;

        private static void assertSignedBy(Headers sent, String id) {
            assertThat(sent.get("authorization").orElseThrow())
                    .startsWith("AWS4-HMAC-SHA256 Credential=" + id
                            + "/20261124/us-east-1/bedrock/aws4_request, SignedHeaders=accept;content-type;host;"
                            + "x-amz-content-sha256;x-amz-date");
            assertThat(sent.all("authorization")).hasSize(1);
        }

        @Test
        @DisplayName("the caller's access key comes first, and is never sent on")
        void callers() {
            Headers sent = sent(HELD, CALLERS.withCredential("bedrock-api-key-test"));

            assertSignedBy(sent, "AKIACALLER");
            assertThat(sent.get("x-amz-security-token")).hasValue("caller-token");
            sent.forEach((name, value) -> {
                assertThat(name).doesNotStartWith("x-aws-");
                assertThat(value).doesNotContain("caller-canary");
            });
        }

        @Test
        @DisplayName("then the call's API key, as a bearer token")
        void apiKey() {
            assertThat(sent(HELD, BARE.withCredential("ABSKkey")).get("authorization"))
                    .hasValue("Bearer ABSKkey");
        }

        @Test
        @DisplayName("then the access key of the environment, with its session token if there is one")
        void environment() {
            Headers sent = sent(HELD, BARE);
            assertSignedBy(sent, "AKIAENVIRONMENT");
            assertThat(sent.get("x-amz-security-token")).isEmpty();

            assertThat(sent(HELD.withEnvironment("AWS_SESSION_TOKEN", "t"), BARE)
                            .get("x-amz-security-token"))
                    .hasValue("t");
        }

        @Test
        @DisplayName("then that of the credentials file, by profile")
        void credentialsFile() throws IOException {
            assertSignedBy(sent(file(PROFILES, ""), BARE), "AKIADEFAULT");

            Headers work = sent(file(PROFILES, ",\"profile\":\"work\""), BARE);
            assertSignedBy(work, "AKIAWORK");
            assertThat(work.get("x-amz-security-token")).hasValue("work-token");
        }

        @Test
        @DisplayName("without any the call is refused, and told every way to bring one")
        void none() {
            assertThatThrownBy(() -> sent(CONTEXT, BARE))
                    .asInstanceOf(type(ProviderException.class))
                    .satisfies(refusal -> {
                        assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.UNAUTHENTICATED);
                        assertThat(refusal)
                                .hasMessageContainingAll(
                                        "Authorization: Bearer",
                                        "x-aws-access-key-id",
                                        "AWS_BEARER_TOKEN_BEDROCK",
                                        "AWS_SECRET_ACCESS_KEY");
                    });
        }

        @ParameterizedTest
        @CsvSource({"x-aws-access-key-id", "x-aws-secret-access-key"})
        @DisplayName("half an access key of the caller's is refused, and nobody else's is used for it")
        void half(String name) {
            assertThatThrownBy(() -> sent(HELD, BARE.withHeader(name, "canary")))
                    .asInstanceOf(type(ProviderException.class))
                    .satisfies(refusal -> {
                        assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.UNAUTHENTICATED);
                        assertThat(refusal).hasMessageNotContaining("canary");
                    });
        }

        @Test
        @DisplayName("a caller may name the region that is served, and no other")
        void callersRegion() {
            assertSignedBy(sent(CONTEXT, CALLERS.withHeader("x-aws-region", "us-east-1")), "AKIACALLER");

            assertThatThrownBy(() -> sent(CONTEXT, CALLERS.withHeader("x-aws-region", "eu-west-1")))
                    .asInstanceOf(type(ProviderException.class))
                    .satisfies(refusal -> assertThat(refusal.param()).hasValue("x-aws-region"));
        }

        @Test
        @DisplayName("credentials the operator got wrong keep the provider from starting, without quoting them")
        void wrongCredentials() throws IOException {
            TestContext halfEnvironment = CONTEXT.withEnvironment("AWS_SECRET_ACCESS_KEY", "canary");
            TestContext noProfile = file(PROFILES, ",\"profile\":\"play\"");
            TestContext emptyProfile = file(PROFILES, ",\"profile\":\"empty\"");
            TestContext noFile = options("{\"credentials-file\":\"" + folder.resolve("absent") + "\"}");

            assertThatThrownBy(() -> Bedrock.unstarted().start(halfEnvironment))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("AWS_ACCESS_KEY_ID")
                    .hasMessageNotContaining("canary");
            assertThatThrownBy(() -> Bedrock.unstarted().start(noProfile)).hasMessageContaining("no profile [play]");
            assertThatThrownBy(() -> Bedrock.unstarted().start(emptyProfile))
                    .hasMessageContaining("no aws_access_key_id in its profile [empty]");
            assertThatThrownBy(() -> Bedrock.unstarted().start(noFile))
                    .hasMessageContaining("absent cannot be read: NoSuchFileException");
        }

        @Test
        @DisplayName("an access key does not print its secrets")
        void printing() {
            assertThat(CallerKey.of(CALLERS.headers()).orElseThrow().toString())
                    .doesNotContain("canary", "caller-token");
        }
    }

    @Nested
    class Regions {

        private static String baseUrl(TestContext context) {
            BedrockProvider bedrock = Bedrock.started(context);
            return bedrock.baseUrl();
        }

        @Test
        @DisplayName("the region is the option's, or the environment's, or us-east-1")
        void order() {
            TestContext environment = CONTEXT.withEnvironment("AWS_REGION", "eu-west-1")
                    .withEnvironment("AWS_DEFAULT_REGION", "eu-west-2");
            TestContext option = options("{\"region\":\"ap-southeast-2\"}").withEnvironment("AWS_REGION", "eu-west-1");

            assertThat(baseUrl(CONTEXT)).isEqualTo("https://bedrock-runtime.us-east-1.amazonaws.com");
            assertThat(baseUrl(CONTEXT.withEnvironment("AWS_DEFAULT_REGION", "eu-west-2")))
                    .isEqualTo("https://bedrock-runtime.eu-west-2.amazonaws.com");
            assertThat(baseUrl(environment)).isEqualTo("https://bedrock-runtime.eu-west-1.amazonaws.com");
            assertThat(baseUrl(option)).isEqualTo("https://bedrock-runtime.ap-southeast-2.amazonaws.com");
        }

        @Test
        @DisplayName("China's regions have a domain of their own")
        void china() {
            assertThat(baseUrl(options("{\"region\":\"cn-north-1\"}")))
                    .isEqualTo("https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"regoin\":\"us-east-1\"} | no \"regoin\"; it may have: region, credentials-file, profile, unmapped-fields",
                "{\"region\":\"evil.example/\"} | a region is a code such as us-east-1",
                "{\"region\":7} | providers.bedrock.options.region must be a text",
                "{\"unmapped-fields\":\"ignore\"} | unmapped-fields must be drop or reject, but was: ignore",
            })
    @DisplayName("an option nobody knows, or of no use, keeps the provider from starting, and is named")
    void wrongOptions(String options, String message) {
        assertThatThrownBy(() -> Bedrock.unstarted().start(options(options)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Nested
    class Answers {

        private static ResponseHandler handler(String chat, int status, Headers headers) {
            Exchange exchange = Bedrock.open(chat);
            return exchange.response(ResponseHead.of(status, headers));
        }

        @Test
        @DisplayName("answers are translated whole or by frames, and errors of both whole")
        void kinds() {
            String stream = CHAT.replaceFirst("\\{", "{\"stream\":true,");

            assertThat(handler(CHAT, 200, Headers.of()).bodyTransform()).containsInstanceOf(ConverseAnswer.class);
            assertThat(handler(stream, 200, Headers.of()).frameDecoder()).containsInstanceOf(EventStreamDecoder.class);
            assertThat(handler(CHAT, 429, Headers.of()).bodyTransform()).containsInstanceOf(AwsError.class);
            assertThat(handler(stream, 429, Headers.of()).bodyTransform()).containsInstanceOf(AwsError.class);
        }

        @Test
        @DisplayName("AWS's id of the request is the answer's, and when to come back is passed on")
        void headers() {
            Headers received = Headers.of("x-amzn-requestid", "r-1")
                    .with("retry-after", "2")
                    .with("x-amzn-bedrock-invocation-latency", "9");

            assertThat(handler(CHAT, 429, received).headers())
                    .hasValue(Headers.of("x-request-id", "r-1").with("retry-after", "2"));
        }
    }

    @Test
    @DisplayName("the catalogue lists no model twice")
    void unique() {
        assertThat(new BedrockProvider().models())
                .hasSizeGreaterThan(10)
                .extracting(Model::id)
                .doesNotHaveDuplicates();
    }
}
