package io.magicapi.gateway.echo;

import io.magicapi.gateway.error.ErrorBody;
import org.jspecify.annotations.Nullable;

/** A request that is not answered as asked, with the OpenAI-shaped error it gets instead. */
final class EchoRefusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient EchoAnswer answer;

    private EchoRefusal(EchoAnswer answer) {
        super("refused", null, false, false);
        this.answer = answer;
    }

    /** {@return a 400 because of one parameter, or of the request as a whole if null} */
    static EchoRefusal invalid(String message, @Nullable String param) {
        return of(400, message, param, null);
    }

    static EchoRefusal of(int status, String message, @Nullable String param, @Nullable String code) {
        return new EchoRefusal(EchoAnswer.json(status, ErrorBody.of(message, "invalid_request_error", param, code)));
    }

    EchoAnswer answer() {
        return answer;
    }
}
