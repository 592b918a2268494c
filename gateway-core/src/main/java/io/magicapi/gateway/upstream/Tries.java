package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.config.GatewayConfig.Retries;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * What is tried next for one request: the rules of retry and fallback, and nothing else.
 *
 * <ul>
 *   <li>The same target again, after a pause: when it could not be reached, broke off before it answered, or answered
 *       with a status its provider's {@code retries.on} names; as often as {@code retries.attempts} allows.
 *   <li>The same target at once, with another key of the gateway's: when this one is refused, or has used up its share;
 *       {@value #OTHER_KEYS} times at most, and beyond that as with the only key. These are no repetitions.
 *   <li>The next target: when that is used up, or asking again is pointless: the target is silent, overloaded, absent,
 *       lacks its key or refuses it, wants to be paid, does not know the model, or finds the request too long. A pause
 *       that the provider asks for and that is longer than allowed, or than the request has time, counts as pointless,
 *       too; so does one that a caller would notice, while another target is free.
 *   <li>Nobody: when the request is at fault, or all have been asked.
 * </ul>
 */
final class Tries {

    /** What comes after a failed attempt. */
    sealed interface Step permits Again, Next, Stop {}

    /**
     * The same target.
     *
     * @param pause how long to wait before it is asked
     */
    record Again(Duration pause) implements Step {}

    /** The next target, at once. */
    record Next() implements Step {}

    /** Nobody: the failure is the answer. */
    record Stop() implements Step {}

    private static final int ATTEMPTS_OF_ROUTES = 2;

    /** A provider that refuses four keys will hardly take the fifth, and the caller waits. */
    private static final int OTHER_KEYS = 3;

    /** How long a provider is waited for at its wish while another one is free: about what a caller does not notice. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** Asking again may help. */
    private static final Set<ErrorCode> PASSING =
            EnumSet.of(ErrorCode.UPSTREAM_UNREACHABLE, ErrorCode.UPSTREAM_CUT, ErrorCode.UPSTREAM_PROTOCOL_ERROR);

    /** Asking somebody else may help. */
    private static final Set<ErrorCode> LASTING = EnumSet.of(
            ErrorCode.UPSTREAM_TIMEOUT,
            ErrorCode.OVERLOADED,
            ErrorCode.PROVIDER_FAILED,
            ErrorCode.PROVIDER_UNAVAILABLE,
            ErrorCode.PROVIDER_NOT_FOUND,
            ErrorCode.UNKNOWN_URL,
            ErrorCode.MISSING_API_KEY);

    /** A key that is refused, a model that is gone, a request that is too large for this provider. */
    private static final Set<Integer> LASTING_STATUS = Set.of(401, 403, 404, 413);

    /** What a key may be to blame for, and another one not. */
    private static final Set<Integer> KEYS_FAULT = Set.of(401, 403, 429);

    private final Plan plan;
    private final Function<String, Retries> settings;
    private final Predicate<Target> free;
    private final RandomGenerator random;
    private int index;
    private int asked = 1;
    private int otherKeys;

    /**
     * Nothing has been tried.
     *
     * @param settings of a provider, by its name
     * @param free whether a target would take the request now, as far as is known
     * @param random for the length of pauses
     */
    Tries(Plan plan, Function<String, Retries> settings, Predicate<Target> free, RandomGenerator random) {
        this.plan = plan;
        this.settings = settings;
        this.free = free;
        this.random = random;
    }

    /** {@return whose turn it is} */
    Target target() {
        return plan.targets().get(index);
    }

    /** {@return whether there is a target after this one} */
    boolean hasNext() {
        return index + 1 < plan.targets().size();
    }

    /** {@return whether there may be more than one attempt} */
    boolean several() {
        return plan.targets().size() > 1 || attempts(settings.apply(target().provider())) > 1;
    }

    /**
     * Decides, and moves on.
     *
     * @param anotherKey whether the provider could be asked with another key of the gateway's
     * @param remaining how much time the request has left; empty: as much as it takes
     * @param budget asked last: whether the provider may be sent a repetition
     */
    Step after(AttemptFailure failure, boolean anotherKey, Optional<Duration> remaining, Predicate<String> budget) {
        boolean unpaid = failure instanceof AttemptFailure.Answered said && Unpaid.isSaid(said);
        if (anotherKey && otherKeys < OTHER_KEYS && (unpaid || isKeysFault(failure))) {
            otherKeys++;
            return new Again(Duration.ZERO);
        }
        if (unpaid) {
            return next();
        }
        Retries retries = settings.apply(target().provider());
        Optional<Duration> pause = mayPass(failure, retries)
                ? pause(failure, retries).filter(wait -> remaining.isEmpty() || wait.compareTo(remaining.get()) < 0)
                : Optional.empty();
        if (pause.isPresent() && asked < attempts(retries) && budget.test(target().provider())) {
            asked++;
            return new Again(pause.get());
        }
        return mayPass(failure, retries) || isLasting(failure) ? next() : new Stop();
    }

    /** Moves on from a target whose answer cannot be used: to ask it again would bring the same. */
    Step next() {
        if (!hasNext()) {
            return new Stop();
        }
        index++;
        asked = 1;
        otherKeys = 0;
        return new Next();
    }

    private int attempts(Retries retries) {
        return retries.attempts().orElse(plan.route().isPresent() ? ATTEMPTS_OF_ROUTES : 1);
    }

    private static boolean isKeysFault(AttemptFailure failure) {
        return failure instanceof AttemptFailure.Answered answered && KEYS_FAULT.contains(answered.status());
    }

    private static boolean mayPass(AttemptFailure failure, Retries retries) {
        return failure instanceof AttemptFailure.Answered answered
                ? retries.isOn(answered.status())
                : hasCode((AttemptFailure.OnTheWay) failure, PASSING);
    }

    private static boolean isLasting(AttemptFailure failure) {
        return failure instanceof AttemptFailure.Answered answered
                ? LASTING_STATUS.contains(answered.status())
                        || answered.retryable()
                        || (answered.status() == 400 && isTooLong(answered))
                : hasCode((AttemptFailure.OnTheWay) failure, LASTING);
    }

    private static boolean hasCode(AttemptFailure.OnTheWay failure, Set<ErrorCode> codes) {
        return failure.cause() instanceof GatewayException known && codes.contains(known.code());
    }

    /** Another model may have more room. Anything else that is wrong with a request is wrong everywhere. */
    private static boolean isTooLong(AttemptFailure.Answered answered) {
        JsonNode error = Json.parse(answered.body().getBytes()).path("error");
        String message = error.path("message").asText().toLowerCase(Locale.ROOT);
        return error.path("code").asText().equals("context_length_exceeded")
                || message.contains("maximum context length")
                || message.contains("prompt is too long");
    }

    private boolean isAnotherFree() {
        return plan.targets().stream().skip(index + 1L).anyMatch(free);
    }

    /** {@return how long to wait; empty if the provider asks for more than is allowed, or than is sensible} */
    private Optional<Duration> pause(AttemptFailure failure, Retries retries) {
        Optional<Duration> wanted = failure instanceof AttemptFailure.Answered answered
                ? RetryAfter.of(answered.headers(), Instant.now())
                : Optional.empty();
        if (wanted.isPresent()) {
            return wanted.filter(pause ->
                    pause.compareTo(retries.maxBackoff()) <= 0 && (pause.compareTo(PATIENCE) <= 0 || !isAnotherFree()));
        }
        long most = Math.min(
                retries.backoff().toMillis() << Math.min(asked - 1, 20),
                retries.maxBackoff().toMillis());
        return Optional.of(Duration.ofMillis(random.nextLong(most + 1)));
    }
}
