package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.BodyTransform;
import io.magicapi.gateway.api.ResponseHead;

/** Turns an error of AWS's, {@code {"message": …}} under a header that names its type, into one of OpenAI's. */
final class AwsError implements BodyTransform {

    private static final String TYPE_HEADER = "x-amzn-errortype";

    private final ResponseHead head;

    AwsError(ResponseHead head) {
        this.head = head;
    }

    @Override
    public Body apply(Body received) {
        JsonNode document = received.json();
        String type = type(
                head.headers().get(TYPE_HEADER).orElse(document.path("__type").asText("")));
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.putObject("error")
                .put("message", message(document, type))
                .put("type", type)
                .putNull("param")
                .put("code", type);
        return Body.of(answer);
    }

    /**
     * {@return the name of an error's type, which AWS writes in several ways: {@code ThrottlingException:http://…},
     * {@code com.amazon.coral.service#ThrottlingException}, {@code throttlingException}}
     */
    static String type(String written) {
        String name =
                written.substring(written.indexOf('#') + 1).split("[:,]", 2)[0].strip();
        return name.isEmpty() ? "api_error" : Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    /**
     * {@return what AWS says}
     *
     * <p>A request whose signature is wrong is quoted in full behind the first line, session token included.
     */
    static String message(JsonNode document, String type) {
        String message =
                document.path("message").asText(document.path("Message").asText(""));
        int quotation = message.indexOf("The Canonical String");
        String words = (quotation < 0 ? message : message.substring(0, quotation)).strip();
        return words.isEmpty() ? "Bedrock answered with " + type : words;
    }
}
