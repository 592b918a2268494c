package io.magicapi.gateway.testkit;

import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * One row of a {@link FaultBench}: what the first provider of a route does wrong, and what has to come of it.
 *
 * <pre>{@code
 * Scenario.plain("500 once")
 *         .main(Faults.emptyError(500))
 *         .caller("200 \"Hello there\" from main, 2 attempts")
 *         .providers("main 2, spare 0")
 *         .accounted("completed, main, 9+2 tokens");
 * }</pre>
 *
 * <p>Each provider does what it is told once, in order, and is well after that: {@code main} then says {@code Hello
 * there}, {@code spare} says {@code Good day}. What is expected is written as an {@link Observation} says it. Filled by
 * one thread before it is given to a bench, and not changed after that.
 */
public final class Scenario {

    private final String name;
    private final boolean stream;
    private final List<String> settings = new ArrayList<>();
    private UnaryOperator<ProviderSettings> provider = UnaryOperator.identity();
    private UnaryOperator<ModelRoute> route = UnaryOperator.identity();
    private Consumer<FakeUpstream> script = upstream -> {};
    private Consumer<FakeUpstream> spareScript = upstream -> {};
    private int keys = 1;
    private int requests = 1;
    private int clients = 1;
    private Duration length = Duration.ZERO;
    private long leastGap;
    private long mostGap = Long.MAX_VALUE;
    private double mostAttempts;
    private boolean closes;
    private Observation expected = new Observation("", "", "");

    private Scenario(String name, boolean stream) {
        this.name = name;
        this.stream = stream;
    }

    /** {@return a scenario in which a chat is asked for that comes whole} */
    public static Scenario plain(String name) {
        return new Scenario(name, false);
    }

    /** {@return a scenario in which a chat is asked for as a stream} */
    public static Scenario stream(String name) {
        return new Scenario(name, true);
    }

    // What is done

    /** Has {@code main} give these answers, each once, in this order. */
    public Scenario main(Answer... answers) {
        return script(upstream -> upstream.enqueue(answers));
    }

    /** Has {@code main} give this answer whenever there is no other. */
    public Scenario mainAlways(Answer answer) {
        return script(upstream -> upstream.answerWith(answer));
    }

    /** Has nobody listen where {@code main} is expected. */
    public Scenario mainGone() {
        return script(FakeUpstream::close);
    }

    private Scenario script(Consumer<FakeUpstream> more) {
        script = script.andThen(more);
        return this;
    }

    /** Has {@code spare} give these answers, each once, in this order. */
    public Scenario spare(Answer... answers) {
        spareScript = spareScript.andThen(upstream -> upstream.enqueue(answers));
        return this;
    }

    /** Has {@code spare} give this answer whenever there is no other. */
    public Scenario spareAlways(Answer answer) {
        spareScript = spareScript.andThen(upstream -> upstream.answerWith(answer));
        return this;
    }

    /**
     * Changes the settings of {@code main}.
     *
     * @param words what is changed, for the table
     */
    public Scenario with(String words, UnaryOperator<ProviderSettings> change) {
        settings.add(words);
        UnaryOperator<ProviderSettings> before = provider;
        provider = some -> change.apply(before.apply(some));
        return this;
    }

    /**
     * Changes the settings of the route.
     *
     * @param words what is changed, for the table
     */
    public Scenario withRoute(String words, UnaryOperator<ModelRoute> change) {
        settings.add(words);
        UnaryOperator<ModelRoute> before = route;
        route = some -> change.apply(before.apply(some));
        return this;
    }

    /** Gives the gateway so many keys for {@code main}: {@code main-key-1}, {@code main-key-2}, … */
    public Scenario keys(int count) {
        keys = count;
        return this;
    }

    /** Sends so many requests, one after the other, instead of one. */
    public Scenario requests(int count) {
        requests = count;
        return this;
    }

    /** Has several clients send requests for a while, and {@link #requests} at least, each one after the other. */
    public Scenario lasting(Duration time, int clientsAtOnce) {
        length = time;
        clients = clientsAtOnce;
        return this;
    }

    // What has to come of it

    /** The first two requests that {@code main} gets are so many milliseconds apart. */
    public Scenario apart(long least, long most) {
        leastGap = least;
        mostGap = most;
        return this;
    }

    /** No connection to {@code main} is left open: {@code , closed} of {@link #providers}. */
    public Scenario closes() {
        closes = true;
        return this;
    }

    /** Of a scenario that {@linkplain #lasting lasts}: how many attempts there may be for each request, on average. */
    public Scenario attemptsPerRequest(double most) {
        mostAttempts = most;
        return this;
    }

    /** What the caller gets, see {@link Observation#caller}. */
    public Scenario caller(String expectation) {
        expected = new Observation(expectation, expected.providers(), expected.accounted());
        return this;
    }

    /** What the providers see, see {@link Observation#providers}. */
    public Scenario providers(String expectation) {
        expected = new Observation(expected.caller(), expectation, expected.accounted());
        return this;
    }

    /** What is accounted, see {@link Observation#accounted}. */
    public Scenario accounted(String expectation) {
        expected = new Observation(expected.caller(), expected.providers(), expectation);
        return this;
    }

    // Read by the bench

    String name() {
        return name;
    }

    boolean isStream() {
        return stream;
    }

    String settings() {
        return String.join(", ", settings);
    }

    ProviderSettings apply(ProviderSettings usual) {
        return provider.apply(usual);
    }

    ModelRoute apply(ModelRoute usual) {
        return route.apply(usual);
    }

    void play(FakeUpstream main, FakeUpstream spare) {
        script.accept(main);
        spareScript.accept(spare);
    }

    int keys() {
        return keys;
    }

    int requests() {
        return requests;
    }

    int clients() {
        return clients;
    }

    boolean lasts() {
        return !length.isZero();
    }

    Duration length() {
        return length;
    }

    boolean spaced() {
        return mostGap < Long.MAX_VALUE;
    }

    long leastGap() {
        return leastGap;
    }

    long mostGap() {
        return mostGap;
    }

    double mostAttempts() {
        return mostAttempts;
    }

    boolean isToClose() {
        return closes;
    }

    Observation expected() {
        return expected;
    }

    @Override
    public String toString() {
        return name + " (" + (stream ? "stream" : "plain") + ")";
    }
}
