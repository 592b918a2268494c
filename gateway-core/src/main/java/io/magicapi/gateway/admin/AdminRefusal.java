package io.magicapi.gateway.admin;

import io.magicapi.gateway.error.ErrorBody;
import io.magicapi.gateway.plugins.Rejection;
import io.vertx.core.buffer.Buffer;

/** What the admin API does not do, and why; {@code docs/admin.md} lists the codes. */
final class AdminRefusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why, as far as programs care. */
    enum Reason {
        NO_KEY(401, "authentication_error", "GW-A01"),
        FROM_A_PAGE(403, "permission_error", "GW-A02"),
        UNKNOWN_URL(404, "invalid_request_error", "GW-A03"),
        METHOD(405, "invalid_request_error", "GW-A04"),
        MALFORMED(400, "invalid_request_error", "GW-A05"),
        NO_SUCH_PLUGIN(404, "invalid_request_error", "GW-A06"),
        UPLOAD_OFF(403, "permission_error", "GW-A07"),
        LENGTH_REQUIRED(411, "invalid_request_error", "GW-A08"),
        TOO_LARGE(413, "invalid_request_error", "GW-A08"),
        VERSION_TAKEN(409, "invalid_request_error", "GW-A09"),
        CONFIG_INVALID(422, "invalid_request_error", "GW-A10"),
        NO_CONFIG_FILES(409, "invalid_request_error", "GW-A11"),
        BUG(500, "server_error", "GW-A99");

        private final int status;
        private final String type;
        private final String code;

        Reason(int status, String type, String code) {
            this.status = status;
            this.type = type;
            this.code = code;
        }
    }

    private static final String NOTHING_TO_DO = "GW-P35";

    private final int status;
    private final String type;
    private final String code;

    AdminRefusal(Reason reason, String message) {
        this(reason.status, reason.type, reason.code, message);
    }

    private AdminRefusal(int status, String type, String code, String message) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
    }

    /** {@return the refusal of a plugin, as the registry and the inspector word it} */
    static AdminRefusal of(Rejection why) {
        int status = why.code().equals(NOTHING_TO_DO) ? 409 : 422;
        return new AdminRefusal(status, "plugin_error", why.code(), why.message());
    }

    int status() {
        return status;
    }

    /** {@return code and message, as logs show them} */
    String reason() {
        return code + " " + getMessage();
    }

    /** {@return the body of the answer: an error object like that of the API for clients} */
    Buffer body() {
        return Buffer.buffer(ErrorBody.of(String.valueOf(getMessage()), type, null, code));
    }
}
