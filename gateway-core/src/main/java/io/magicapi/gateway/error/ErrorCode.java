package io.magicapi.gateway.error;

/**
 * Every failure of the gateway's own, as the client sees it: the HTTP status, and {@code type} and {@code code} of the
 * OpenAI error object. Each has a paragraph in {@code docs/errors.md}; a test compares the two lists.
 */
public enum ErrorCode {
    INVALID_REQUEST(400, "invalid_request_error", "invalid_request"),
    INVALID_JSON(400, "invalid_request_error", "invalid_json"),
    INVALID_PATH(400, "invalid_request_error", "invalid_path"),
    MODEL_REQUIRED(400, "invalid_request_error", "model_required"),
    PROVIDER_REQUIRED(400, "invalid_request_error", "provider_required"),
    PROVIDER_AMBIGUOUS(400, "invalid_request_error", "provider_ambiguous"),
    PROVIDER_NOT_FOUND(400, "invalid_request_error", "provider_not_found"),
    MISSING_API_KEY(401, "authentication_error", "missing_api_key"),
    ORIGIN_NOT_ALLOWED(403, "invalid_request_error", "origin_not_allowed"),
    UNKNOWN_URL(404, "invalid_request_error", "unknown_url"),
    MODEL_NOT_FOUND(404, "invalid_request_error", "model_not_found"),
    METHOD_NOT_ALLOWED(405, "invalid_request_error", "method_not_allowed"),
    REQUEST_TIMEOUT(408, "invalid_request_error", "request_timeout"),
    BODY_TOO_LARGE(413, "invalid_request_error", "body_too_large"),
    URI_TOO_LONG(414, "invalid_request_error", "uri_too_long"),
    UNSUPPORTED_MEDIA_TYPE(415, "invalid_request_error", "unsupported_media_type"),
    EXPECTATION_FAILED(417, "invalid_request_error", "expectation_failed"),
    HEADERS_TOO_LARGE(431, "invalid_request_error", "headers_too_large"),
    INTERNAL_ERROR(500, "server_error", "internal_error"),
    PROVIDER_FAILED(500, "server_error", "provider_failed"),
    NOT_IMPLEMENTED(501, "invalid_request_error", "not_implemented"),
    UPSTREAM_UNREACHABLE(502, "upstream_error", "upstream_unreachable"),
    UPSTREAM_PROTOCOL_ERROR(502, "upstream_error", "upstream_protocol_error"),
    UPSTREAM_CUT(502, "upstream_error", "upstream_cut"),
    PROVIDER_UNAVAILABLE(503, "server_error", "provider_unavailable"),
    OVERLOADED(503, "server_error", "overloaded"),
    SHUTTING_DOWN(503, "server_error", "shutting_down"),
    UPSTREAM_TIMEOUT(504, "upstream_error", "upstream_timeout");

    private final int status;
    private final String type;
    private final String code;

    ErrorCode(int status, String type, String code) {
        this.status = status;
        this.type = type;
        this.code = code;
    }

    /** {@return the HTTP status} */
    public int status() {
        return status;
    }

    /** {@return the OpenAI error object's {@code type}} */
    public String type() {
        return type;
    }

    /** {@return the OpenAI error object's {@code code}} */
    public String code() {
        return code;
    }
}
