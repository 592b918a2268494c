package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig.Retries;
import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import io.magicapi.gateway.config.StatusRange;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.upstream.Tries.Again;
import io.magicapi.gateway.upstream.Tries.Next;
import io.magicapi.gateway.upstream.Tries.Step;
import io.magicapi.gateway.upstream.Tries.Stop;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of docs/routing.md, one request each. */
class TriesTest {

    private static final Target MAIN = target("main");
    private static final Target SPARE = target("spare");
    private static final Predicate<String> GRANTED = provider -> true;
    private static final Predicate<String> USED_UP = provider -> false;
    private static final Optional<Duration> FOR_EVER = Optional.empty();

    private Retries retries = Retries.DEFAULT;
    private final Set<Target> free = new HashSet<>();
    private final Random random = new Random(1);

    private static Target target(String provider) {
        return new Target(provider, Optional.of("m"), true);
    }

    private Tries route(Target... targets) {
        Plan plan = new Plan(Optional.of("smart"), List.of(targets), Duration.ofSeconds(60), StreamRecovery.NONE);
        return new Tries(plan, provider -> retries, free::contains, random);
    }

    private Tries provider() {
        return new Tries(Plan.only(MAIN), provider -> retries, free::contains, random);
    }

    private static AttemptFailure failed(ErrorCode code) {
        return new AttemptFailure.OnTheWay(new GatewayException(code, "it failed"));
    }

    private static AttemptFailure answered(int status, String... headers) {
        return answered(status, "{}", headers);
    }

    private static AttemptFailure answered(int status, String body, String[] headers) {
        List<Map.Entry<String, String>> all = new ArrayList<>();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(Map.entry(headers[i], headers[i + 1]));
        }
        return new AttemptFailure.Answered(status, all, Buffer.buffer(body), false);
    }

    private static Step after(Tries tries, AttemptFailure failure) {
        return tries.after(failure, false, FOR_EVER, GRANTED);
    }

    @Test
    @DisplayName("there may be several attempts with several targets, on a route, and where retries are configured")
    void several() {
        assertThat(route(MAIN).several()).isTrue();
        assertThat(provider().several()).isFalse();

        retries = Retries.DEFAULT.withAttempts(1);
        assertThat(route(MAIN, SPARE).several()).isTrue();
        assertThat(route(MAIN).several()).isFalse();

        retries = Retries.DEFAULT.withAttempts(3);
        assertThat(provider().several()).isTrue();
    }

    // --- the same target again

    @ParameterizedTest(name = "{0}")
    @DisplayName("what may pass is tried once more at the same target, then at the next one, and then nobody is left")
    @ValueSource(ints = {408, 409, 429, 498, 500, 502, 503, 529, 599})
    void passingStatus(int status) {
        Tries tries = route(MAIN, SPARE);

        assertThat(after(tries, answered(status))).isInstanceOf(Again.class);
        assertThat(tries.target()).isEqualTo(MAIN);
        assertThat(after(tries, answered(status))).isEqualTo(new Next());
        assertThat(tries.target()).isEqualTo(SPARE);
        assertThat(tries.hasNext()).isFalse();
        assertThat(after(tries, answered(status)))
                .as("the next one has as many tries")
                .isInstanceOf(Again.class);
        assertThat(after(tries, answered(status))).isEqualTo(new Stop());
    }

    @ParameterizedTest
    @DisplayName("an attempt that could not be made, broke off or came to nonsense is made once more")
    @EnumSource(names = {"UPSTREAM_UNREACHABLE", "UPSTREAM_CUT", "UPSTREAM_PROTOCOL_ERROR"})
    void passingCodes(ErrorCode code) {
        Tries tries = route(MAIN, SPARE);

        assertThat(after(tries, failed(code))).isInstanceOf(Again.class);
        assertThat(after(tries, failed(code))).isEqualTo(new Next());
    }

    @Test
    @DisplayName("a request that names its provider is not sent again, unless its settings say so")
    void named() {
        assertThat(after(provider(), answered(503))).isEqualTo(new Stop());

        retries = Retries.DEFAULT.withAttempts(3);
        Tries tries = provider();

        assertThat(after(tries, answered(503))).isInstanceOf(Again.class);
        assertThat(after(tries, answered(503))).isInstanceOf(Again.class);
        assertThat(after(tries, answered(503))).isEqualTo(new Stop());
    }

    @Test
    @DisplayName("one attempt means that the next target is asked at once")
    void oneAttempt() {
        retries = Retries.DEFAULT.withAttempts(1);

        assertThat(after(route(MAIN, SPARE), answered(503))).isEqualTo(new Next());
    }

    @Test
    @DisplayName("only the statuses of retries.on are tried again, or elsewhere")
    void configuredStatuses() {
        Retries usual = Retries.DEFAULT;
        retries = new Retries(
                Optional.empty(),
                List.of(StatusRange.parse("503"), StatusRange.parse("422")),
                usual.backoff(),
                usual.maxBackoff(),
                usual.budget());

        assertThat(after(route(MAIN, SPARE), answered(422))).isInstanceOf(Again.class);
        assertThat(after(route(MAIN, SPARE), answered(500))).isEqualTo(new Stop());
    }

    @Test
    @DisplayName("a provider that has been sent its share of repetitions is not asked again; the next target is")
    void budget() {
        List<String> asked = new ArrayList<>();
        Predicate<String> refuses = provider -> !asked.add(provider);

        assertThat(route(MAIN, SPARE).after(answered(503), false, FOR_EVER, refuses))
                .isEqualTo(new Next());
        assertThat(route(MAIN).after(answered(503), false, FOR_EVER, refuses)).isEqualTo(new Stop());
        assertThat(asked).containsExactly("main", "main");
    }

    @Test
    @DisplayName("what is taken of the budget is used: it is not asked where there is no repetition")
    void budgetIsAskedLast() {
        Predicate<String> never = provider -> {
            throw new AssertionError("asked for " + provider);
        };
        retries = Retries.DEFAULT.withAttempts(1);

        route(MAIN, SPARE).after(answered(503), false, FOR_EVER, never);
        retries = Retries.DEFAULT;
        route(MAIN, SPARE).after(answered(404), false, FOR_EVER, never);
        route(MAIN, SPARE).after(answered(429, "retry-after", "60"), false, FOR_EVER, never);
        route(MAIN, SPARE).after(answered(401), true, FOR_EVER, never);
    }

    // --- pauses

    @Test
    @DisplayName("pauses are of random length, and the longest they may be doubles up to max-backoff")
    void pauses() {
        retries = Retries.DEFAULT.withAttempts(6).withBackoff(Duration.ofMillis(100), Duration.ofMillis(500));
        long[] longest = new long[5];
        for (int i = 0; i < 2000; i++) {
            Tries tries = route(MAIN);
            for (int n = 0; n < longest.length; n++) {
                Again again = (Again) after(tries, answered(503));
                longest[n] = Math.max(longest[n], again.pause().toMillis());
            }
        }

        assertThat(longest[0]).isBetween(90L, 100L);
        assertThat(longest[1]).isBetween(180L, 200L);
        assertThat(longest[2]).isBetween(360L, 400L);
        assertThat(longest[3]).isBetween(450L, 500L);
        assertThat(longest[4]).isBetween(450L, 500L);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @DisplayName("the pause that a provider asks for is made")
    @CsvSource({
        "retry-after, 7, 7000",
        "Retry-After-Ms, 1250, 1250",
        "retry-after, 0, 0",
        "retry-after, 10, 10000",
    })
    void wantedPause(String header, String value, long millis) {
        assertThat(after(route(MAIN, SPARE), answered(429, header, value)))
                .isEqualTo(new Again(Duration.ofMillis(millis)));
        assertThat(after(route(MAIN, SPARE), answered(503, header, value)))
                .isEqualTo(new Again(Duration.ofMillis(millis)));
    }

    @Test
    @DisplayName("a pause of more than a second that a provider asks for is not made while another target is free")
    void anotherIsFree() {
        Target last = target("last");
        free.add(last);

        for (int status : new int[] {429, 503}) {
            assertThat(after(route(MAIN, SPARE, last), answered(status, "retry-after", "2")))
                    .isEqualTo(new Next());
            assertThat(after(route(MAIN, SPARE, last), answered(status, "retry-after-ms", "1001")))
                    .isEqualTo(new Next());
            assertThat(after(route(MAIN, SPARE, last), answered(status, "retry-after", "1")))
                    .isEqualTo(new Again(Duration.ofSeconds(1)));
        }
    }

    @Test
    @DisplayName("it is made where no other target is free, or all that are have been asked")
    void noOtherIsFree() {
        free.add(MAIN);
        Tries tries = route(MAIN, SPARE);

        assertThat(after(tries, answered(429, "retry-after", "2"))).isEqualTo(new Again(Duration.ofSeconds(2)));
        assertThat(after(tries, answered(404))).isEqualTo(new Next());
        assertThat(after(tries, answered(429, "retry-after", "2"))).isEqualTo(new Again(Duration.ofSeconds(2)));
    }

    @Test
    @DisplayName("pauses of our own are made all the same: they spread out what comes again")
    void ownPauses() {
        free.add(SPARE);
        retries = Retries.DEFAULT.withBackoff(Duration.ofSeconds(5), Duration.ofSeconds(5));

        assertThat(after(route(MAIN, SPARE), answered(503))).isInstanceOf(Again.class);
    }

    @Test
    @DisplayName("a provider that asks for more than max-backoff is not asked again")
    void wantsTooMuch() {
        assertThat(after(route(MAIN, SPARE), answered(429, "retry-after", "11")))
                .isEqualTo(new Next());
        assertThat(after(route(MAIN), answered(429, "retry-after", "11"))).isEqualTo(new Stop());
    }

    @Test
    @DisplayName("no pause is begun that the request has no time for")
    void noTime() {
        Optional<Duration> left = Optional.of(Duration.ofSeconds(5));

        assertThat(route(MAIN, SPARE).after(answered(429, "retry-after", "5"), false, left, GRANTED))
                .isEqualTo(new Next());
        assertThat(route(MAIN, SPARE).after(answered(429, "retry-after", "4"), false, left, GRANTED))
                .isEqualTo(new Again(Duration.ofSeconds(4)));
    }

    // --- another key

    @ParameterizedTest(name = "{0}")
    @DisplayName(
            "where another key can be used, it is, at once, and that is no repetition; for each target three times")
    @ValueSource(ints = {401, 403, 429})
    void anotherKey(int status) {
        Tries tries = route(MAIN, SPARE);

        for (Target target : List.of(MAIN, SPARE)) {
            assertThat(tries.target()).isEqualTo(target);
            for (int key = 0; key < 3; key++) {
                assertThat(tries.after(answered(status), true, FOR_EVER, USED_UP))
                        .isEqualTo(new Again(Duration.ZERO));
            }
            assertThat(tries.after(answered(status), true, FOR_EVER, USED_UP))
                    .isEqualTo(target.equals(MAIN) ? new Next() : new Stop());
        }
    }

    @Test
    @DisplayName(
            "a key that has used up its share is followed by three others, and then by as many repetitions as ever")
    void repetitionsAfterOtherKeys() {
        retries = Retries.DEFAULT.withAttempts(3);
        Tries tries = route(MAIN, SPARE);
        for (int key = 0; key < 3; key++) {
            assertThat(tries.after(answered(429), true, FOR_EVER, GRANTED)).isEqualTo(new Again(Duration.ZERO));
        }

        assertThat(tries.after(answered(429), true, FOR_EVER, GRANTED)).isInstanceOf(Again.class);
        assertThat(tries.after(answered(429), true, FOR_EVER, GRANTED)).isInstanceOf(Again.class);
        assertThat(tries.after(answered(429), true, FOR_EVER, GRANTED)).isEqualTo(new Next());
    }

    @Test
    @DisplayName("a key is to blame for nothing else")
    void keyIsNotToBlame() {
        assertThat(route(MAIN, SPARE).after(answered(400), true, FOR_EVER, GRANTED))
                .isEqualTo(new Stop());
        assertThat(route(MAIN, SPARE).after(failed(ErrorCode.UPSTREAM_TIMEOUT), true, FOR_EVER, GRANTED))
                .isEqualTo(new Next());
    }

    // --- the next target

    @ParameterizedTest(name = "{0}")
    @DisplayName("what will not pass sends the request to the next target at once")
    @ValueSource(ints = {401, 402, 403, 404, 413})
    void lastingStatus(int status) {
        Tries tries = route(MAIN, SPARE);

        assertThat(after(tries, answered(status))).isEqualTo(new Next());
        assertThat(after(tries, answered(status))).isEqualTo(new Stop());
    }

    @ParameterizedTest
    @DisplayName("so do silence, and a provider that cannot be asked")
    @EnumSource(
            names = {
                "UPSTREAM_TIMEOUT",
                "OVERLOADED",
                "PROVIDER_FAILED",
                "PROVIDER_UNAVAILABLE",
                "PROVIDER_NOT_FOUND",
                "UNKNOWN_URL",
                "MISSING_API_KEY"
            })
    void lastingCodes(ErrorCode code) {
        assertThat(after(route(MAIN, SPARE), failed(code))).isEqualTo(new Next());
        assertThat(after(route(MAIN), failed(code))).isEqualTo(new Stop());
    }

    @ParameterizedTest(name = "{0} {1}")
    @DisplayName(
            "an account without money is not asked again with the same key, but with another one, or the next target is")
    @CsvSource(
            delimiter = '|',
            value = {
                "402 | {}",
                "429 | {\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}",
                "429 | {\"error\":{\"message\":\"m\",\"type\":\"exceeded_current_quota_error\"}}",
                "403 | {\"error\":{\"message\":\"m\",\"code\":\"billing_hard_limit_reached\"}}",
                "400 | {\"error\":{\"message\":\"Your credit balance is too low to access the Anthropic API.\"}}",
            })
    void unpaid(int status, String body) {
        String[] soon = {"retry-after", "1"};

        assertThat(after(route(MAIN, SPARE), answered(status, body, soon))).isEqualTo(new Next());
        assertThat(after(route(MAIN), answered(status, body, soon))).isEqualTo(new Stop());
        assertThat(route(MAIN, SPARE).after(answered(status, body, soon), true, FOR_EVER, USED_UP))
                .isEqualTo(new Again(Duration.ZERO));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("another model may have more room for a prompt that is too long")
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"m\",\"code\":\"context_length_exceeded\"}}",
                "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens.\"}}",
                "{\"error\":{\"message\":\"prompt is too long: 210000 tokens > 200000 maximum\"}}"
            })
    void tooLong(String body) {
        assertThat(after(route(MAIN, SPARE), answered(400, body, new String[0])))
                .isEqualTo(new Next());
    }

    @Test
    @DisplayName("a plugin can say that a status may pass")
    void pluginSays() {
        AttemptFailure failure = new AttemptFailure.Answered(424, List.of(), Buffer.buffer("{}"), true);

        assertThat(after(route(MAIN, SPARE), failure)).isEqualTo(new Next());
    }

    // --- nobody

    @ParameterizedTest(name = "{0}: {1}")
    @DisplayName("a request that is at fault is at fault everywhere")
    @CsvSource(
            delimiter = '|',
            value = {
                "400 | {\"error\":{\"message\":\"no messages\",\"code\":null}}",
                "400 | {\"error\":{\"message\":\"filtered\",\"code\":\"content_filter\"}}",
                "400 | nonsense",
                "405 | {}",
                "415 | {}",
                "422 | {}",
                "451 | {}",
            })
    void atFault(int status, String body) {
        assertThat(after(route(MAIN, SPARE), answered(status, body, new String[0])))
                .isEqualTo(new Stop());
    }

    @ParameterizedTest
    @DisplayName("so is one that the gateway refuses, and nobody is asked after a bug of ours or a shutdown")
    @EnumSource(names = {"INVALID_REQUEST", "BODY_TOO_LARGE", "REQUEST_TIMEOUT", "INTERNAL_ERROR", "SHUTTING_DOWN"})
    void refused(ErrorCode code) {
        assertThat(after(route(MAIN, SPARE), failed(code))).isEqualTo(new Stop());
        assertThat(after(route(MAIN, SPARE), new AttemptFailure.OnTheWay(new IllegalStateException())))
                .isEqualTo(new Stop());
    }

    @Test
    @DisplayName("all targets are asked, each in its turn")
    void allTargets() {
        Tries tries = route(MAIN, SPARE, target("last"));

        assertThat(Stream.generate(() -> after(tries, failed(ErrorCode.UPSTREAM_TIMEOUT)))
                        .limit(3))
                .containsExactly(new Next(), new Next(), new Stop());
        assertThat(tries.target().provider()).isEqualTo("last");
    }
}
