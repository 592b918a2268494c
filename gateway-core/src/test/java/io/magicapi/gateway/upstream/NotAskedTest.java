package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class NotAskedTest {

    private final NotAsked notAsked = new NotAsked(Optional.of("smart"));

    private static GatewayException reason(ErrorCode code, String message, int seconds) {
        return new GatewayException(code, message, Optional.empty(), Duration.ofSeconds(seconds));
    }

    @Test
    @DisplayName("one reason is told as it is")
    void one() {
        GatewayException reason = reason(ErrorCode.OVERLOADED, "a rests", 30);

        assertThat(notAsked.with(reason)).isSameAs(reason);
    }

    @Test
    @DisplayName("of several, all are told, once each, and the client may come again when the first is over")
    void several() {
        notAsked.with(reason(ErrorCode.MISSING_API_KEY, "a has no key", 0));
        notAsked.with(reason(ErrorCode.OVERLOADED, "b rests", 30));
        notAsked.with(reason(ErrorCode.PROVIDER_UNAVAILABLE, "c is left alone", 7));
        notAsked.with(reason(ErrorCode.PROVIDER_UNAVAILABLE, "d is out of service", 0));

        GatewayException told = notAsked.with(reason(ErrorCode.OVERLOADED, "b rests", 20));

        assertThat(told)
                .hasMessage("no target of smart can be asked now: a has no key; b rests; c is left alone;"
                        + " d is out of service");
        assertThat(told.code()).isEqualTo(ErrorCode.PROVIDER_UNAVAILABLE);
        assertThat(told.retryAfter()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    @DisplayName("a limit of requests at once is over at any time")
    void limit() {
        notAsked.with(reason(ErrorCode.OVERLOADED, "a rests", 30));

        GatewayException told = notAsked.with(reason(ErrorCode.OVERLOADED, "b is full", 0));

        assertThat(told.code()).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(told.retryAfter()).isZero();
    }

    @Test
    @DisplayName("if none will pass, the first is told")
    void lasting() {
        notAsked.with(reason(ErrorCode.MISSING_API_KEY, "a has no key", 0));

        assertThat(notAsked.with(reason(ErrorCode.UNKNOWN_URL, "b has no such path", 0))
                        .code())
                .isEqualTo(ErrorCode.MISSING_API_KEY);
    }
}
