package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import java.util.EnumSet;
import java.util.Set;

/** What the end of an attempt says of its target. */
enum Verdict {
    /** It works. */
    WORKED,
    /** It does not. */
    FAILED,
    /** Nothing: the client left, asked for something wrong, or has used up its share. */
    NONE,
    /** Nothing: it was not even asked. */
    UNUSED;

    private static final Set<ErrorCode> TARGETS_FAULT = EnumSet.of(
            ErrorCode.PROVIDER_FAILED,
            ErrorCode.PROVIDER_UNAVAILABLE,
            ErrorCode.UPSTREAM_UNREACHABLE,
            ErrorCode.UPSTREAM_PROTOCOL_ERROR,
            ErrorCode.UPSTREAM_CUT,
            ErrorCode.UPSTREAM_TIMEOUT);

    private static final Set<ErrorCode> NOT_ASKED = EnumSet.of(
            ErrorCode.OVERLOADED,
            ErrorCode.MISSING_API_KEY,
            ErrorCode.UNKNOWN_URL,
            ErrorCode.INVALID_REQUEST,
            ErrorCode.PROVIDER_NOT_FOUND);

    /** {@return what a failure says} */
    static Verdict of(AttemptFailure failure) {
        if (failure instanceof AttemptFailure.Answered answered) {
            boolean sick = answered.status() >= 500 || answered.status() == 408 || answered.status() == 498;
            return sick ? FAILED : NONE;
        }
        if (((AttemptFailure.OnTheWay) failure).cause() instanceof GatewayException known) {
            return TARGETS_FAULT.contains(known.code()) ? FAILED : NOT_ASKED.contains(known.code()) ? UNUSED : NONE;
        }
        return NONE;
    }
}
