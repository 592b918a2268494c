package io.magicapi.gateway.provider.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.BodyTransform;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.testkit.TestCall;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswersTest {

    private static final TestCall CHAT =
            TestCall.chat("{\"model\":\"m\",\"messages\":[]}").withCredential("k");

    private static Body body(String json) {
        return Body.of(json.getBytes(StandardCharsets.UTF_8));
    }

    private static ResponseHandler handler(String provider, TestCall call, int status, Headers headers) {
        return Bundle.named(provider).open(call).response(ResponseHead.of(status, headers));
    }

    private static BodyTransform transform(String provider, int status) {
        return handler(provider, CHAT, status, Headers.of()).bodyTransform().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // DeepSeek: type and code swapped, and swapped back
                "deepseek | 401 | {'error':{'message':'Authentication Fails','type':'authentication_error','param':null,"
                        + "'code':'invalid_request_error'}} | {'error':{'message':'Authentication Fails',"
                        + "'type':'invalid_request_error','param':null,'code':'authentication_error'}}",
                // Gemini: a refused key, wrapped in an array or not
                "gemini | 400 | [{'error':{'code':400,'message':'API key not valid.','status':'INVALID_ARGUMENT',"
                        + "'details':[{'reason':'API_KEY_INVALID'}]}}] | {'error':{'message':'API key not valid.',"
                        + "'type':'invalid_request_error','param':null,'code':'invalid_api_key'}}",
                "gemini | 400 | {'error':{'code':400,'message':'API key not valid.',"
                        + "'details':[{'reason':'API_KEY_INVALID'}]}} | {'error':{'message':'API key not valid.',"
                        + "'type':'invalid_request_error','param':null,'code':'invalid_api_key'}}",
                // OpenRouter: the words of the provider behind it, plain or in JSON
                "openrouter | 429 | {'error':{'message':'Provider returned error','code':429,'metadata':{"
                        + "'raw':'m is rate-limited upstream','provider_name':'BaseTen'}}} | {'error':{"
                        + "'message':'Provider returned error (BaseTen): m is rate-limited upstream',"
                        + "'type':'upstream_error','param':null,'code':'429'}}",
                "openrouter | 400 | {'error':{'message':'Provider returned error','code':400,'metadata':{"
                        + "'raw':'{\\'error\\':{\\'message\\':\\'one image only\\'}}','provider_name':'Crucible'}}} |"
                        + "{'error':{'message':'Provider returned error (Crucible): one image only',"
                        + "'type':'upstream_error','param':null,'code':'400'}}"
            },
            quoteCharacter = '~')
    @DisplayName("errors that take knowing their service become OpenAI's")
    void errors(String provider, int status, String received, String sent) {
        Body made = transform(provider, status).apply(body(received.replace('\'', '"')));

        assertThat(made.json()).isEqualTo(body(sent.replace('\'', '"')).json());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "deepseek   | 400 | {'error':{'message':'Model Not Exist','type':'invalid_request_error',"
                        + "'code':'invalid_request_error'}}",
                "deepseek   | 500 | {}",
                "gemini     | 400 | [{'error':{'code':400,'message':'Invalid JSON','status':'INVALID_ARGUMENT'}}]",
                "gemini     | 400 | []",
                "openrouter | 401 | {'error':{'message':'No auth credentials found','code':401}}",
                "openrouter | 200 | {'id':'gen-1','choices':[{'message':{'content':'hi'}}]}",
                "openrouter | 200 | {'choices':[],'error':{'code':502}}"
            },
            quoteCharacter = '~')
    @DisplayName("what they do not know passes as the very body it was")
    void others(String provider, int status, String received) {
        Body body = body(received.replace('\'', '"'));

        assertThat(transform(provider, status).apply(body)).isSameAs(body);
    }

    @ParameterizedTest
    @CsvSource({
        "400, INVALID_REQUEST",
        "401, UNAUTHENTICATED",
        "402, INVALID_REQUEST",
        "408, UNAVAILABLE",
        "429, UNAVAILABLE",
        "502, BAD_ANSWER",
        "503, UNAVAILABLE",
        "0,   BAD_ANSWER"
    })
    @DisplayName("an error that OpenRouter sent as a good answer is refused with the status that fits best")
    void errorInGoodAnswer(int code, ProviderException.Kind kind) {
        Body received = body("{\"error\":{\"message\":\"gone\",\"code\":" + code + ",\"metadata\":{\"raw\":\"out\"}}}");

        assertThatThrownBy(() -> transform("openrouter", 200).apply(received))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.kind()).isEqualTo(kind);
                    assertThat(refusal).hasMessage("gone (unnamed): out");
                });
    }

    @Test
    @DisplayName("streams, and OpenRouter's answers that are no chats, are not held")
    void passThrough() {
        TestCall stream = TestCall.chat("{\"model\":\"m\",\"stream\":true}").withCredential("k");
        TestCall embeddings = TestCall.post("/v1/embeddings", "{}").withCredential("k");

        assertThat(handler("openrouter", stream, 200, Headers.of()).isPassThrough())
                .isTrue();
        assertThat(handler("openrouter", embeddings, 200, Headers.of()).isPassThrough())
                .isTrue();
        for (String name : new String[] {"openai", "together", "deepseek", "gemini", "azure", "vllm"}) {
            assertThat(handler(name, CHAT, 200, Headers.of()).isPassThrough())
                    .as(name)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "together, x-ratelimit-limit,                    x-ratelimit-limit-requests",
        "together, x-tokenlimit-remaining,               x-ratelimit-remaining-tokens",
        "mistral,  x-ratelimit-remaining-req-minute,     x-ratelimit-remaining-requests",
        "cerebras, x-ratelimit-remaining-tokens-minute,  x-ratelimit-remaining-tokens"
    })
    @DisplayName("limits are told under OpenAI's names beside the service's own")
    void limits(String provider, String name, String openAiName) {
        Headers received = Headers.of("content-type", "application/json").with(name, "7");

        assertThat(handler(provider, CHAT, 200, received).headers()).hasValue(received.with(openAiName, "7"));
    }
}
