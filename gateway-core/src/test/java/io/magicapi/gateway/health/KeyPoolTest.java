package io.magicapi.gateway.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.health.KeyPool.KeyPermit;
import io.magicapi.gateway.plugins.KeyRing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class KeyPoolTest {

    private static final String MODEL = "large";
    private static final Duration PROBE = Duration.ofSeconds(20);
    private static final KeyRing.Entry A = new KeyRing.Entry("KEY_A", Secret.of("sk-canary-a"), 3);
    private static final KeyRing.Entry B = new KeyRing.Entry("KEY_B", Secret.of("sk-canary-b"), 1);
    private static final KeyRing.Entry TWO_AT_ONCE =
            new KeyRing.Entry("KEY_C", "KEY_C", Secret.of("sk-canary-c"), 1, 2);
    private static final KeyRing BOTH = KeyRing.of(List.of(A, B));
    private static final KeyRing ONLY_A = KeyRing.of(List.of(A));

    private final FakeTime time = new FakeTime();
    private final KeyPool pool = new KeyPool("acme", () -> 3, time);
    private final Logger logger = (Logger) LoggerFactory.getLogger(KeyPool.class);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeEach
    void listen() {
        logged.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
        logger.setLevel(null);
    }

    private List<String> lines() {
        return logged.list.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage() + " " + event.getKeyValuePairs())
                .toList();
    }

    private KeyPermit choose(KeyRing ring) {
        return choose(ring, MODEL);
    }

    private KeyPermit choose(KeyRing ring, String model) {
        return pool.choose(ring, model, Set.of()).orElseThrow(() -> new AssertionError("no key"));
    }

    private boolean none(KeyRing ring) {
        return pool.choose(ring, MODEL, Set.of()).isEmpty();
    }

    private Map<String, Integer> draw(KeyRing ring, int times) {
        Map<String, Integer> drawn = new HashMap<>();
        for (int i = 0; i < times; i++) {
            KeyPermit permit = choose(ring);
            drawn.merge(permit.name(), 1, Integer::sum);
            permit.release();
        }
        return drawn;
    }

    private void coolDown(KeyRing ring, Duration wait) {
        KeyPermit permit = choose(ring);
        permit.coolDown(wait);
        permit.release();
    }

    @Test
    @DisplayName("keys are chosen by weight")
    void weights() {
        Map<String, Integer> drawn = draw(BOTH, 8000);

        assertThat(drawn.get("KEY_A")).isCloseTo(6000, within(250));
        assertThat(drawn.get("KEY_B")).isCloseTo(2000, within(250));
        assertThat(pool.choose(KeyRing.EMPTY, MODEL, Set.of())).isEmpty();
        assertThat(pool.retryAfter(KeyRing.EMPTY, MODEL)).isZero();
    }

    @Test
    @DisplayName("a retry does without the keys that it was tried with")
    void not() {
        assertThat(pool.choose(BOTH, MODEL, Set.of(A.secret())).orElseThrow().secret())
                .isEqualTo(B.secret());
        assertThat(pool.choose(BOTH, MODEL, Set.of(A.secret(), B.secret()))).isEmpty();
    }

    @Test
    @DisplayName("after a 429 a key cools down until its reset, and the others serve meanwhile")
    void coolDown() {
        coolDown(ONLY_A, Duration.ofSeconds(20));

        assertThat(draw(BOTH, 100)).containsOnlyKeys("KEY_B");
        assertThat(none(ONLY_A)).isTrue();
        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(Duration.ofSeconds(20));
        assertThat(pool.retryAfter(BOTH, MODEL)).isZero();
        time.pass(Duration.ofSeconds(19));
        assertThat(none(ONLY_A)).isTrue();
        time.pass(Duration.ofSeconds(1));
        assertThat(draw(BOTH, 100)).containsKeys("KEY_A", "KEY_B");
    }

    @Test
    @DisplayName("if all are cooling, the one that is ready first says when to come again")
    void allCooling() {
        coolDown(ONLY_A, Duration.ofSeconds(20));
        coolDown(BOTH, Duration.ofSeconds(7));

        assertThat(none(BOTH)).isTrue();
        assertThat(pool.retryAfter(BOTH, MODEL)).isEqualTo(Duration.ofSeconds(7));
        assertThat(pool.isBusy(BOTH, MODEL, Set.of())).isFalse();
    }

    @Test
    @DisplayName(
            "a second 429 may prolong a cool-down and not shorten it, and no provider is obeyed for more than an hour")
    void coolDowns() {
        KeyPermit first = choose(ONLY_A);
        KeyPermit second = choose(ONLY_A);
        KeyPermit third = choose(ONLY_A);

        first.coolDown(Duration.ofSeconds(20));
        second.coolDown(Duration.ofSeconds(5));

        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(Duration.ofSeconds(20));
        third.coolDown(Duration.ofDays(100_000));
        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(KeyPool.LONGEST_COOL_DOWN);
    }

    @Test
    @DisplayName("a key that cools down for one model serves the others")
    void coolDownByModel() {
        coolDown(ONLY_A, Duration.ofSeconds(20));

        assertThat(pool.choose(ONLY_A, "small", Set.of())).isPresent();
        assertThat(pool.retryAfter(ONLY_A, "small")).isZero();
    }

    @Test
    @DisplayName("a success does not end the cool-down of a key")
    void coolsAllTheSame() {
        KeyPermit answered = choose(ONLY_A);
        coolDown(ONLY_A, Duration.ofSeconds(20));

        answered.worked();

        assertThat(none(ONLY_A)).isTrue();
    }

    @Test
    @DisplayName(
            "a key that is refused is dead for all models, with one warning that names where it came from and not the key")
    void dead() {
        KeyPermit first = choose(ONLY_A);
        KeyPermit second = choose(ONLY_A);

        first.refused();
        second.refused();

        assertThat(draw(BOTH, 100)).containsOnlyKeys("KEY_B");
        assertThat(none(ONLY_A)).isTrue();
        assertThat(pool.choose(ONLY_A, "small", Set.of())).isEmpty();
        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(PROBE);
        assertThat(lines())
                .singleElement()
                .asString()
                .startsWith("WARN GW-K01 key KEY_A is refused by acme; one request every 20 s tries it")
                .doesNotContain("canary");
    }

    @Test
    @DisplayName("a key that was given a name is called by it, whatever befalls it, and not by where it came from")
    void named() {
        Secret secret = Secret.of("sk-canary-c");
        KeyRing ring = KeyRing.of(List.of(new KeyRing.Entry("spare", "KEY_C", secret, 1, Key.UNLIMITED)));

        choose(ring).forbidden();
        choose(ring, "small").unpaid(Duration.ZERO);
        choose(ring, "tiny").refused();
        time.pass(PROBE);
        choose(ring, "tiny").worked();

        assertThat(lines())
                .extracting(line -> line.substring(0, line.indexOf("acme")))
                .containsExactly(
                        "WARN GW-K02 key spare is refused by ",
                        "WARN GW-K04 the account of key spare has no money left at ",
                        "WARN GW-K01 key spare is refused by ",
                        "INFO GW-K03 key spare is taken by ");
        assertThat(lines()).noneMatch(line -> line.contains("KEY_C") || line.contains("canary"));
    }

    @Test
    @DisplayName("one real request every 20 s tries a dead key, in spite of weights, and brings it back if it works")
    void probe() {
        choose(ONLY_A).refused();
        time.pass(PROBE);

        KeyPermit probe = choose(BOTH);

        assertThat(probe.name()).isEqualTo("KEY_A");
        assertThat(draw(BOTH, 100)).containsOnlyKeys("KEY_B");
        probe.refused();
        time.pass(PROBE.minusSeconds(1));
        assertThat(none(ONLY_A)).isTrue();
        time.pass(Duration.ofSeconds(1));
        choose(BOTH).worked();
        assertThat(draw(BOTH, 100)).containsKeys("KEY_A", "KEY_B");
        assertThat(lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("WARN GW-K01"),
                        line -> assertThat(line).startsWith("INFO GW-K03 key KEY_A is taken by acme again"));
    }

    @Test
    @DisplayName("R3: of three keys one is dead: it gets less than 1 % of the traffic, and is back in less than 30 s")
    void deadAndBack() {
        KeyRing three = KeyRing.of(List.of(A, B, TWO_AT_ONCE));
        choose(ONLY_A).refused();
        int toDead = 0;
        for (int i = 0; i < 6000; i++) { // a minute of a hundred requests a second
            KeyPermit permit = choose(three);
            if (permit.name().equals("KEY_A")) {
                permit.refused();
                toDead++;
            } else {
                permit.worked();
            }
            permit.release();
            time.pass(Duration.ofMillis(10));
        }
        assertThat(toDead).isBetween(1, 6000 / 100);

        Duration until = Duration.ZERO;
        boolean back = false;
        while (!back) {
            KeyPermit permit = choose(three);
            back = permit.name().equals("KEY_A");
            permit.worked();
            permit.release();
            time.pass(Duration.ofMillis(10));
            until = until.plusMillis(10);
        }
        assertThat(until).isLessThan(Duration.ofSeconds(30));
        assertThat(draw(three, 200)).containsKeys("KEY_A", "KEY_B", "KEY_C");
    }

    @Test
    @DisplayName(
            "a key without money rests for that model for a minute, or as long as the provider says, and is then tried")
    void unpaid() {
        choose(ONLY_A).unpaid(Duration.ofSeconds(2));

        assertThat(draw(BOTH, 100)).containsOnlyKeys("KEY_B");
        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(Duration.ofMinutes(1));
        assertThat(pool.choose(ONLY_A, "small", Set.of())).isPresent();
        time.pass(Duration.ofMinutes(1));
        KeyPermit probe = choose(BOTH);
        assertThat(probe.name()).isEqualTo("KEY_A");
        assertThat(draw(BOTH, 100)).containsOnlyKeys("KEY_B");
        probe.unpaid(Duration.ZERO);
        time.pass(Duration.ofMinutes(1));
        choose(ONLY_A).worked();
        assertThat(draw(BOTH, 100)).containsKeys("KEY_A", "KEY_B");

        choose(ONLY_A).unpaid(Duration.ofMinutes(5));
        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(Duration.ofMinutes(5));
        choose(ONLY_A, "small").unpaid(Duration.ofDays(1));
        assertThat(pool.retryAfter(ONLY_A, "small")).isEqualTo(KeyPool.LONGEST_COOL_DOWN);
        assertThat(lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith(
                                        "WARN GW-K04 the account of key KEY_A has no money left at acme; one request"
                                                + " every 60 s tries it"),
                        line -> assertThat(line).startsWith("INFO GW-K03"),
                        line -> assertThat(line).startsWith("WARN GW-K04"))
                .noneMatch(line -> line.contains("canary"));
    }

    private Map<KeyState, Integer> states(int usable, int cooling, int unpaid, int dead) {
        return Map.of(KeyState.USABLE, usable, KeyState.COOLING, cooling, KeyState.UNPAID, unpaid, KeyState.DEAD, dead);
    }

    @Test
    @DisplayName("keys are counted by how they stand: what matters most of each, and only as long as it is so")
    void states() {
        KeyRing ring = KeyRing.of(List.of(A, B, TWO_AT_ONCE));
        assertThat(pool.states(ring)).isEqualTo(states(3, 0, 0, 0));
        assertThat(pool.states(KeyRing.EMPTY)).isEqualTo(states(0, 0, 0, 0));

        choose(ONLY_A, "small").forbidden();
        assertThat(pool.states(ring)).isEqualTo(states(3, 0, 0, 0));
        coolDown(ONLY_A, Duration.ofSeconds(20));
        assertThat(pool.states(ring)).isEqualTo(states(2, 1, 0, 0));
        KeyRing onlyB = KeyRing.of(List.of(B));
        KeyPermit paidLater = choose(onlyB, "small");
        choose(onlyB, "large").unpaid(Duration.ZERO);
        choose(KeyRing.of(List.of(TWO_AT_ONCE))).refused();
        assertThat(pool.states(ring)).isEqualTo(states(0, 1, 1, 1));
        choose(ONLY_A, "tiny").refused();
        assertThat(pool.states(ring)).isEqualTo(states(0, 0, 1, 2));

        paidLater.worked();
        assertThat(pool.states(ring)).as("it was sent before").isEqualTo(states(0, 0, 1, 2));
        time.pass(PROBE);
        choose(ONLY_A, "tiny").worked();
        choose(onlyB, "small").worked();
        assertThat(pool.states(ring)).isEqualTo(states(2, 0, 0, 1));
    }

    @Test
    @DisplayName("keys that stay keep what is known of them; one that was taken away comes back as good as new")
    void rotation() {
        coolDown(ONLY_A, Duration.ofSeconds(20));
        choose(KeyRing.of(List.of(B))).refused();

        pool.retain(ONLY_A);

        assertThat(pool.retryAfter(ONLY_A, MODEL)).isEqualTo(Duration.ofSeconds(20));
        assertThat(draw(BOTH, 100)).containsOnlyKeys("KEY_B");
        assertThat(pool.states(BOTH)).isEqualTo(states(1, 1, 0, 0));
    }

    @Test
    @DisplayName("a request that was sent before the key died does not bring it back")
    void straggler() {
        KeyPermit before = choose(ONLY_A);
        time.pass(Duration.ofSeconds(1));
        choose(ONLY_A).refused();

        before.worked();

        assertThat(none(ONLY_A)).isTrue();
    }

    @Test
    @DisplayName("a key that is forbidden one model serves the others: no client can take it from them")
    void forbidden() {
        KeyPermit permit = choose(ONLY_A);

        permit.forbidden();
        permit.forbidden();

        assertThat(none(ONLY_A)).isTrue();
        assertThat(pool.choose(ONLY_A, "small", Set.of())).isPresent();
        assertThat(lines())
                .singleElement()
                .asString()
                .startsWith("WARN GW-K02 key KEY_A is refused by acme for this model");
        time.pass(PROBE);
        choose(ONLY_A).worked();
        assertThat(pool.choose(ONLY_A, MODEL, Set.of())).isPresent();
    }

    @Test
    @DisplayName(
            "made-up models make no key's bans grow without end, fill no log, and hide real ones for no longer than a minute")
    void madeUpModels() {
        for (int i = 0; i < 1000; i++) {
            choose(ONLY_A, "made-up-" + i).forbidden();
        }
        assertThat(lines()).hasSize(1);
        time.pass(Duration.ofMinutes(1));

        coolDown(ONLY_A, Duration.ofSeconds(20));

        assertThat(none(ONLY_A)).isTrue();
    }

    @Test
    @DisplayName("a key is used for no more requests at once than it may be, and then another is")
    void inFlight() {
        KeyRing ring = KeyRing.of(List.of(TWO_AT_ONCE, B));
        KeyRing alone = KeyRing.of(List.of(TWO_AT_ONCE));

        KeyPermit first = choose(alone);
        choose(alone);

        assertThat(none(alone)).isTrue();
        assertThat(pool.retryAfter(alone, MODEL)).isZero();
        assertThat(pool.isBusy(alone, MODEL, Set.of())).isTrue();
        assertThat(pool.isBusy(alone, MODEL, Set.of(TWO_AT_ONCE.secret()))).isFalse();
        assertThat(draw(ring, 100)).containsOnlyKeys("KEY_B");
        first.release();
        first.release();
        assertThat(pool.choose(alone, MODEL, Set.of())).isPresent();
        assertThat(none(alone)).isTrue();
    }

    @Test
    @DisplayName("many threads at once never exceed a key's limit, and leave no place taken")
    void threads() throws Exception {
        KeyRing ring = KeyRing.of(List.of(TWO_AT_ONCE));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicInteger now = new AtomicInteger();
        try {
            List<Callable<Integer>> users = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                users.add(() -> (int) IntStream.range(0, 20_000)
                        .filter(n -> pool.choose(ring, MODEL, Set.of())
                                .map(permit -> {
                                    boolean exceeded = now.incrementAndGet() > 2;
                                    now.decrementAndGet();
                                    permit.release();
                                    return exceeded;
                                })
                                .orElse(false))
                        .count());
            }
            for (Future<Integer> exceeded : threads.invokeAll(users)) {
                assertThat(exceeded.get()).isZero();
            }
        } finally {
            threads.shutdownNow();
        }

        choose(ring);
        choose(ring);
        assertThat(none(ring)).isTrue();
    }

    private KeyTurn await(KeyRing ring, Set<Secret> not, Runnable again) {
        return pool.await(ring, MODEL, not, again).orElseThrow(() -> new AssertionError("too many wait"));
    }

    @Test
    @DisplayName("requests wait for a key with room in the order they came; who left, or cannot use it, is passed over")
    void queue() {
        KeyRing ring = KeyRing.of(List.of(TWO_AT_ONCE));
        KeyPermit first = choose(ring);
        KeyPermit second = choose(ring);
        List<String> called = new ArrayList<>();
        await(ring, Set.of(TWO_AT_ONCE.secret()), () -> called.add("tried with it"));
        KeyTurn leaves = await(ring, Set.of(), () -> called.add("left"));
        await(ring, Set.of(), () -> called.add("one"));
        leaves.leave();
        leaves.leave();
        await(ring, Set.of(), () -> called.add("two"));

        first.release();

        assertThat(called).containsExactly("one");
        second.release();
        assertThat(called).containsExactly("one", "two");
        assertThat(pool.waiting()).isEqualTo(1);
    }

    @Test
    @DisplayName("no more wait than may, and one that leaves makes room")
    void queueFull() {
        KeyRing ring = KeyRing.of(List.of(TWO_AT_ONCE));
        choose(ring);
        choose(ring);
        KeyTurn leaves = await(ring, Set.of(), () -> {});
        await(ring, Set.of(), () -> {});
        await(ring, Set.of(), () -> {});

        assertThat(pool.await(ring, MODEL, Set.of(), () -> {})).isEmpty();
        leaves.leave();
        assertThat(pool.await(ring, MODEL, Set.of(), () -> {})).isPresent();
    }

    @Test
    @DisplayName("who begins to wait after a key was given back is called at once")
    void roomMeanwhile() {
        AtomicInteger called = new AtomicInteger();

        await(ONLY_A, Set.of(), called::incrementAndGet);

        assertThat(called).hasValue(1);
        assertThat(pool.waiting()).isZero();
    }

    @Test
    @DisplayName("a request that is over when its turn has come leaves it to the next")
    void overWhenCalled() {
        KeyRing ring = KeyRing.of(List.of(TWO_AT_ONCE));
        KeyPermit first = choose(ring);
        choose(ring);
        List<String> called = new ArrayList<>();
        KeyTurn gone = await(ring, Set.of(), () -> called.add("gone"));
        await(ring, Set.of(), () -> called.add("next"));
        first.release();
        assertThat(called).containsExactly("gone");

        gone.leave();

        assertThat(called).containsExactly("gone", "next");
    }

    @Test
    @DisplayName("many threads that wait for a key are all served, and nobody is forgotten in the queue")
    void queueThreads() throws Exception {
        KeyPool crowded = new KeyPool("acme", () -> 1000, time);
        KeyRing ring = KeyRing.of(List.of(TWO_AT_ONCE));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CountDownLatch served = new CountDownLatch(2000);
        class Request implements Runnable {
            @Override
            public void run() {
                crowded.choose(ring, MODEL, Set.of())
                        .ifPresentOrElse(
                                permit -> threads.execute(() -> {
                                    permit.release();
                                    served.countDown();
                                }),
                                () -> crowded.await(ring, MODEL, Set.of(), () -> threads.execute(this))
                                        .ifPresentOrElse(turn -> {}, () -> threads.execute(this)));
            }
        }
        try {
            IntStream.range(0, 2000).forEach(i -> threads.execute(new Request()));

            assertThat(served.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(crowded.waiting()).isZero();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @DisplayName("keys that were replaced are forgotten after an hour")
    void replaced() {
        for (int i = 0; i < 100; i++) {
            choose(KeyRing.of(List.of(new KeyRing.Entry("KEY", Secret.of("sk-canary-" + i), 1))))
                    .release();
            time.pass(Duration.ofMinutes(10));
        }

        assertThat(pool.size()).isLessThan(10);
    }
}
