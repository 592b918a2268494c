package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.http.HttpClosedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** What can go wrong with one provider's server, in words for the client. */
final class UpstreamFaults {

    private final String provider;

    /** @param provider the provider's name */
    UpstreamFaults(String provider) {
        this.provider = provider;
    }

    GatewayException unreachable(Throwable cause) {
        return new GatewayException(
                ErrorCode.UPSTREAM_UNREACHABLE, "provider " + provider + " cannot be reached (" + reason(cause) + ")");
    }

    private static String reason(Throwable cause) {
        if (cause instanceof UnknownHostException) {
            return "unknown host";
        }
        if (cause instanceof SSLException) {
            return "TLS failed";
        }
        if (cause instanceof ConnectException) {
            return "connection refused";
        }
        return cause instanceof TimeoutException ? "timed out" : "no connection";
    }

    GatewayException brokenBeforeAnswer(Throwable cause) {
        return isConnectionLoss(cause)
                ? new GatewayException(
                        ErrorCode.UPSTREAM_CUT, "provider " + provider + " closed the connection before it answered")
                : protocol("did not answer in valid HTTP (" + cause.getClass().getSimpleName() + ")");
    }

    static boolean isConnectionLoss(Throwable cause) {
        return cause instanceof HttpClosedException || cause instanceof IOException;
    }

    GatewayException brokenWithinAnswer() {
        return new GatewayException(
                ErrorCode.UPSTREAM_CUT, "provider " + provider + " broke off in the middle of its answer");
    }

    GatewayException silentWithinAnswer(Duration limit) {
        return timeout("fell silent for " + limit.toSeconds() + " s in the middle of its answer");
    }

    GatewayException noHead(Duration limit) {
        return timeout("did not begin to answer within " + limit.toSeconds() + " s");
    }

    GatewayException noFirstToken(Duration limit) {
        return timeout("did not say its first word within " + limit.toMillis() / 1000.0 + " s");
    }

    GatewayException notFinished(Duration limit) {
        return timeout("did not finish within " + limit.toSeconds() + " s");
    }

    GatewayException noTurn() {
        return new GatewayException(
                ErrorCode.OVERLOADED,
                "provider " + provider + " is sent all the requests it may be, and none of them ended in time"
                        + " (providers." + provider + ".limits)");
    }

    GatewayException protocol(String deed) {
        return new GatewayException(ErrorCode.UPSTREAM_PROTOCOL_ERROR, "provider " + provider + " " + deed);
    }

    GatewayException misuse(String deed) {
        return new GatewayException(ErrorCode.PROVIDER_FAILED, "provider " + provider + " " + deed);
    }

    private GatewayException timeout(String deed) {
        return new GatewayException(ErrorCode.UPSTREAM_TIMEOUT, "provider " + provider + " " + deed);
    }
}
