package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.Secret;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;

/**
 * A {@link Call} for unit tests of a provider, without a gateway. Immutable; each {@code with…} returns a new call.
 *
 * <pre>{@code
 * Call call = TestCall.chat("{\"model\":\"m\",\"messages\":[]}").withCredential("key");
 * Headers sent = provider.processHeaders(call.headers(), call);
 * }</pre>
 */
public final class TestCall implements Call {

    private final String method;
    private final String path;
    private final Optional<String> model;
    private final boolean stream;
    private final Headers headers;
    private final Optional<Secret> credential;
    private final Body body;

    private TestCall(
            String method,
            String path,
            Optional<String> model,
            boolean stream,
            Headers headers,
            Optional<Secret> credential,
            Body body) {
        this.method = Objects.requireNonNull(method, "method");
        this.path = Objects.requireNonNull(path, "path");
        this.model = model;
        this.stream = stream;
        this.headers = headers;
        this.credential = credential;
        this.body = Objects.requireNonNull(body, "body");
        if (!path.startsWith("/v1/")) {
            throw new IllegalArgumentException("the path of a call starts with /v1/, but was: " + path);
        }
    }

    /** {@return {@code POST /v1/chat/completions} with this JSON body, whose model and stream it takes} */
    public static TestCall chat(String body) {
        return post("/v1/chat/completions", body);
    }

    /** {@return a POST with this JSON body, whose model and stream it takes} */
    public static TestCall post(String path, String body) {
        Body bytes = Body.of(body.getBytes(StandardCharsets.UTF_8));
        JsonNode document = bytes.json();
        return new TestCall(
                "POST",
                path,
                Optional.ofNullable(document.path("model").textValue()),
                document.path("stream").asBoolean(),
                Headers.of("content-type", "application/json"),
                Optional.empty(),
                // Not the one that was parsed, so that the provider's own first look parses it again.
                Body.of(body.getBytes(StandardCharsets.UTF_8)));
    }

    /** {@return a POST of an upload that is not held, and so cannot be looked into} */
    public static TestCall upload(String path) {
        return of("POST", path)
                .withHeader("content-type", "multipart/form-data; boundary=x")
                .withBody(new StreamedBody());
    }

    /** {@return a request of any method without headers, credential or body} */
    public static TestCall of(String method, String path) {
        return new TestCall(method, path, Optional.empty(), false, Headers.of(), Optional.empty(), Body.EMPTY);
    }

    /** {@return this call with this key} */
    public TestCall withCredential(String key) {
        return new TestCall(method, path, model, stream, headers, Optional.of(Secret.of(key)), body);
    }

    /** {@return this call with one client header more} */
    public TestCall withHeader(String name, String value) {
        return new TestCall(method, path, model, stream, headers.plus(name, value), credential, body);
    }

    /** {@return this call with another body; model and stream stay as they are} */
    public TestCall withBody(Body other) {
        return new TestCall(method, path, model, stream, headers, credential, other);
    }

    @Override
    public String requestId() {
        return "req_test";
    }

    @Override
    public String provider() {
        return "test";
    }

    @Override
    public Operation operation() {
        String below = path.substring("/v1/".length());
        int query = below.indexOf('?');
        return Operation.at(query < 0 ? below : below.substring(0, query));
    }

    @Override
    public String method() {
        return method;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public Optional<String> model() {
        return model;
    }

    @Override
    public boolean stream() {
        return stream;
    }

    @Override
    public Headers headers() {
        return headers;
    }

    @Override
    public Optional<Secret> credential() {
        return credential;
    }

    @Override
    public Secret requireCredential() {
        return credential.orElseThrow(() -> ProviderException.missingKey(provider(), Optional.empty()));
    }

    @Override
    public Body body() {
        return body;
    }

    @Override
    public String toString() {
        return method + " " + path;
    }

    private static final class StreamedBody implements Body {

        @Override
        public boolean isStreamed() {
            return true;
        }

        @Override
        public ByteBuffer bytes() {
            throw new IllegalStateException("the body is streamed");
        }

        @Override
        public JsonNode json() {
            throw new IllegalStateException("the body is streamed");
        }
    }
}
