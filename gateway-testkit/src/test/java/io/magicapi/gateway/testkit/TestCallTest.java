package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.echo.EchoProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TestCallTest {

    @Test
    @DisplayName("a chat call takes model and stream from its body")
    void chat() {
        Call call = TestCall.chat("{\"model\":\"m\",\"stream\":true}").withCredential("key");

        assertThat(call.operation()).isEqualTo(Operation.CHAT_COMPLETIONS);
        assertThat(call.method()).isEqualTo("POST");
        assertThat(call.model()).hasValue("m");
        assertThat(call.stream()).isTrue();
        assertThat(call.credential().orElseThrow().reveal()).isEqualTo("key");
    }

    @Test
    @DisplayName("a path with a query and encoded slashes belongs to its operation")
    void path() {
        Call call = TestCall.of("GET", "/v1/models/a%2Fb?x=1");

        assertThat(call.operation()).isEqualTo(Operation.MODELS);
        assertThat(call.model()).isEmpty();
        assertThatThrownBy(() -> TestCall.of("GET", "/models")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("an upload cannot be looked into")
    void upload() {
        Call call = TestCall.upload("/v1/files");

        assertThat(call.body().isStreamed()).isTrue();
        assertThatThrownBy(() -> call.body().json()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @DisplayName("the echo provider needs no key, and sends none on")
    void echo() {
        Call call = TestCall.chat("{}").withHeader("authorization", "Bearer somebody");

        Headers sent =
                new EchoProvider("http://127.0.0.1:1").open(call).request().headers();

        assertThat(sent).isEqualTo(Headers.of("content-type", "application/json"));
    }
}
