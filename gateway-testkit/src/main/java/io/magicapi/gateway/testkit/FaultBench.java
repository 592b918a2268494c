package io.magicapi.gateway.testkit;

import io.magicapi.gateway.testkit.Scorecard.Row;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Has providers misbehave behind a real gateway, and notes what the caller got, what the providers saw and what was
 * accounted. The gateway has nothing configured but two instances of a provider and a route over both:
 *
 * <pre>
 * models:
 *   smart: { route: [main/m, spare/m] }
 * </pre>
 *
 * <pre>{@code
 * Scorecard card = FaultBench.of(jar, "acme").run(List.of(
 *         Scenario.plain("500 once").main(Faults.emptyError(500)).caller(…).providers(…).accounted(…)));
 * assertThat(card.failures()).isEmpty();
 * }</pre>
 *
 * <p>Each scenario has a gateway and two {@link FakeUpstream}s of its own, and four are played at once.
 */
public final class FaultBench {

    private static final int AT_ONCE = 4;

    private final List<Path> jars = new ArrayList<>();
    private final String main;
    private String spare;

    private FaultBench(String provider) {
        this.main = provider;
        this.spare = provider;
    }

    /**
     * {@return a bench whose providers are two instances of this one}
     *
     * @param jar the plugin
     * @param provider one of its providers, which speaks OpenAI's API if the answers of {@link Faults} and {@link Streams}
     *     are to mean something to it
     */
    public static FaultBench of(Path jar, String provider) {
        FaultBench bench = new FaultBench(provider);
        bench.jars.add(jar);
        return bench;
    }

    /** Has {@code spare} be an instance of another provider, which this plugin brings. */
    public FaultBench spare(Path jar, String provider) {
        jars.add(jar);
        spare = provider;
        return this;
    }

    /** {@return an answer that says these words, whole or as a stream as the request wants it, with usage of 9+2 tokens} */
    public static Answer saying(String... words) {
        return Answer.from(request -> request.json().path("stream").asBoolean()
                ? Answer.events(Streams.chatWithUsage(words))
                : Answer.json(200, Faults.COMPLETION.replace("Hello there", String.join("", words))));
    }

    /** {@return what came of the scenarios, in their order; one that could not be played says why} */
    public Scorecard run(List<Scenario> scenarios) throws InterruptedException {
        ExecutorService stagehands = Executors.newFixedThreadPool(AT_ONCE);
        try (AccessLines lines = new AccessLines()) {
            List<Callable<Observation>> plays = new ArrayList<>();
            scenarios.forEach(scenario -> plays.add(() -> play(scenario, lines)));
            List<Future<Observation>> played = stagehands.invokeAll(plays);
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < played.size(); i++) {
                rows.add(new Row(scenarios.get(i), seen(played.get(i))));
            }
            return new Scorecard(rows);
        } finally {
            stagehands.shutdownNow();
        }
    }

    private Observation play(Scenario scenario, AccessLines lines) throws Exception {
        GatewayExtension gateway = new GatewayExtension();
        jars.forEach(gateway::plugin);
        try (FaultStage stage = new FaultStage(scenario, gateway, main, spare, lines)) {
            return stage.play();
        }
    }

    private static Observation seen(Future<Observation> played) throws InterruptedException {
        try {
            return played.get();
        } catch (ExecutionException e) {
            return new Observation("not played: " + e.getCause(), "", "");
        }
    }
}
