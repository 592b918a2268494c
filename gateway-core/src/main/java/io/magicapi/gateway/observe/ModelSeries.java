package io.magicapi.gateway.observe;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is counted of one model of one provider: handles, each made when it is first needed. Safe for all threads. */
final class ModelSeries {

    private static final Duration[] SECONDS = durations("50ms 100ms 250ms 500ms 1s 2500ms 5s 10s 30s 60s 120s 300s");

    private static final Duration[] MILLISECONDS = durations("1ms 2ms 5ms 10ms 25ms 50ms 100ms 250ms 1s");

    private final MeterRegistry registry;
    private final String model;
    private final Tags provider;
    private final Tags both;
    private final Lazy<Timer> duration;
    private final Lazy<Timer> firstToken;
    private final Lazy<Timer> overhead;
    private final Lazy<Counter> cost;
    private final Lazy<Counter> unpriced;
    private final Map<String, Counter> requests = new ConcurrentHashMap<>();
    private final Map<String, Counter> attempts = new ConcurrentHashMap<>();
    private final Map<String, Counter> passedOver = new ConcurrentHashMap<>();
    private final Map<String, Counter> tokens = new ConcurrentHashMap<>();
    private final Map<String, Counter> estimatedTokens = new ConcurrentHashMap<>();

    ModelSeries(MeterRegistry registry, String provider, String model) {
        this.registry = registry;
        this.model = model;
        this.provider = Tags.of("provider", provider);
        this.both = this.provider.and("model", model);
        this.duration = new Lazy<>(() ->
                timer("gateway.request.duration", "From a request's head to the end of its answer", both, SECONDS));
        this.firstToken = new Lazy<>(() -> timer(
                "gateway.time.to.first.token", "From a request's head to the first byte of its stream", both, SECONDS));
        this.overhead = new Lazy<>(() -> timer(
                "gateway.overhead",
                "The gateway's own time of a request, without what it waited for",
                this.provider,
                MILLISECONDS));
        this.cost = new Lazy<>(() -> counter("gateway.cost.usd", "What the tokens cost, in US dollars", both));
        this.unpriced = new Lazy<>(
                () -> counter("gateway.unpriced.attempts", "Attempts that used tokens whose price is not known", both));
    }

    private static Duration[] durations(String texts) {
        return Stream.of(texts.split(" "))
                .map(text -> text.endsWith("ms")
                        ? Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)))
                        : Duration.ofSeconds(Long.parseLong(text.substring(0, text.length() - 1))))
                .toArray(Duration[]::new);
    }

    String model() {
        return model;
    }

    void request(RequestRecord request) {
        counter(requests, "gateway.requests", "Requests that are over", both, "result", result(request))
                .increment();
        duration.get().record(request.duration(), TimeUnit.NANOSECONDS);
        overhead.get().record(request.overhead(), TimeUnit.NANOSECONDS);
        if (request.stream() && request.untilFirstByte() >= 0) {
            firstToken.get().record(request.untilFirstByte(), TimeUnit.NANOSECONDS);
        }
    }

    void attempt(AttemptRecord attempt) {
        if (!attempt.isSent()) {
            passedOver(attempt.failure());
            return;
        }
        counter(attempts, "gateway.attempts", "Tries at a provider that are over", provider, "result", result(attempt))
                .increment();
        Usage usage = attempt.usage();
        if (usage == null) {
            return;
        }
        count(tokens, "gateway.tokens", "Tokens, as far as is known", usage);
        if (usage.estimated()) {
            count(estimatedTokens, "gateway.estimated.tokens", "Tokens among them that are estimated", usage);
        }
        if (attempt.nanos() < 0) {
            unpriced.get().increment();
        } else {
            cost.get().increment(Decimal.dollars(attempt.nanos()).doubleValue());
        }
    }

    /** A client that left the queue has passed over nobody. */
    private void passedOver(@Nullable ErrorCode why) {
        if (why != null) {
            String help = "Providers that were not asked when it was their turn, as they could not be";
            counter(passedOver, "gateway.passed.over", help, provider, "reason", why.code())
                    .increment();
        }
    }

    private void count(Map<String, Counter> counters, String name, String help, Usage usage) {
        count(counters, name, help, "input", usage.promptTokens());
        count(counters, name, help, "cached", usage.cachedTokens());
        count(counters, name, help, "output", usage.completionTokens());
        count(counters, name, help, "reasoning", usage.reasoningTokens());
    }

    private void count(Map<String, Counter> counters, String name, String help, String type, long count) {
        if (count > 0) {
            counter(counters, name, help, both, "type", type).increment(count);
        }
    }

    private static String result(RequestRecord request) {
        return request.outcome() == Outcome.COMPLETED
                ? statusClass(request.status())
                : request.outcome().text();
    }

    private static String result(AttemptRecord attempt) {
        ErrorCode failure = attempt.failure();
        return attempt.outcome() == Outcome.COMPLETED
                ? statusClass(attempt.status())
                : failure == null ? attempt.outcome().text() : failure.code();
    }

    private static String statusClass(int status) {
        return switch (status / 100) {
            case 4 -> "4xx";
            case 5 -> "5xx";
            default -> "2xx";
        };
    }

    private Counter counter(
            Map<String, Counter> counters, String name, String help, Tags tags, String label, String value) {
        Counter known = counters.get(value);
        return known == null
                ? counters.computeIfAbsent(value, first -> counter(name, help, tags.and(label, first)))
                : known;
    }

    private Counter counter(String name, String help, Iterable<Tag> tags) {
        return Counter.builder(name).description(help).tags(tags).register(registry);
    }

    private Timer timer(String name, String help, Iterable<Tag> tags, Duration[] buckets) {
        return Timer.builder(name)
                .description(help)
                .tags(tags)
                .serviceLevelObjectives(buckets)
                .register(registry);
    }

    /** A handle that is made when it is first needed: most targets never need most of them. */
    private static final class Lazy<T> {

        private final Supplier<T> maker;
        private volatile @Nullable T made;

        Lazy(Supplier<T> maker) {
            this.maker = maker;
        }

        T get() {
            T known = made;
            if (known == null) {
                known = maker.get(); // the registry gives the same handle to both, if two come at once
                made = known;
            }
            return known;
        }
    }
}
