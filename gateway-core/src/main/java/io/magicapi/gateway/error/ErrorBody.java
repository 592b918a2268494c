package io.magicapi.gateway.error;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes the OpenAI error object. All four fields are always there, as OpenAI's specification requires and SDKs expect:
 * {@code {"error":{"message":…,"type":…,"param":…,"code":…}}}.
 */
public final class ErrorBody {

    private static final JsonFactory JSON = new JsonFactory();

    private ErrorBody() {}

    /** {@return the body for a failure of the gateway's own, in UTF-8} */
    public static byte[] of(GatewayException failure) {
        return of(
                Optional.ofNullable(failure.getMessage()).orElse(failure.code().code()),
                failure.code().type(),
                failure.param().orElse(null),
                failure.code().code());
    }

    /** {@return a body with these four fields, in UTF-8; null becomes JSON's null} */
    public static byte[] of(String message, String type, @Nullable String param, @Nullable String code) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeObjectFieldStart("error");
            json.writeStringField("message", message);
            json.writeStringField("type", type);
            json.writeStringField("param", param);
            json.writeStringField("code", code);
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
