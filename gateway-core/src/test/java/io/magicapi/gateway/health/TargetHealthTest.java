package io.magicapi.gateway.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.magicapi.gateway.config.GatewayConfig.Breaker;
import io.magicapi.gateway.config.Percent;
import io.magicapi.gateway.health.TargetHealth.Permit;
import io.magicapi.gateway.health.TargetHealth.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TargetHealthTest {

    private static final Duration INTERVAL = Breaker.DEFAULT.open();
    private static final long QUICK = Duration.ofMillis(100).toNanos();
    private static final long SLOW = Duration.ofSeconds(61).toNanos();

    private final FakeTime time = new FakeTime();
    private final TargetHealth target = target(Breaker.DEFAULT);

    private TargetHealth target(Breaker breaker) {
        return new TargetHealth("acme/large", breaker, time);
    }

    private static Permit acquire(TargetHealth target) {
        return target.tryAcquire().orElseThrow(() -> new AssertionError("left alone"));
    }

    private static void fail(TargetHealth target, int times) {
        for (int i = 0; i < times; i++) {
            acquire(target).failed(QUICK);
        }
    }

    private static void succeed(TargetHealth target, int times, long nanos) {
        for (int i = 0; i < times; i++) {
            acquire(target).succeeded(nanos);
        }
    }

    @Test
    @DisplayName("opens on failures: when half of the window failed, and on a start when it has half as many attempts")
    void opensOnFailures() {
        TargetHealth used = target(Breaker.DEFAULT);
        succeed(used, 50, QUICK);

        fail(target, 9);
        fail(used, 9);

        assertThat(target.state()).isEqualTo(State.CLOSED);
        assertThat(used.state()).isEqualTo(State.CLOSED);
        fail(target, 1);
        fail(used, 1);
        assertThat(target.state()).isEqualTo(State.OPEN);
        assertThat(used.state()).isEqualTo(State.OPEN);
        assertThat(target.tryAcquire()).isEmpty();
        assertThat(target.available()).isFalse();
    }

    @Test
    @DisplayName("opens on slow answers, though they succeed")
    void opensOnSlowness() {
        succeed(target, 9, SLOW);

        assertThat(target.state()).isEqualTo(State.CLOSED);
        succeed(target, 1, SLOW);
        assertThat(target.state()).isEqualTo(State.OPEN);
    }

    @Test
    @DisplayName("a part of the answers that is below both shares opens nothing")
    void toleratesSome() {
        for (int i = 0; i < 100; i++) {
            succeed(target, 1, QUICK);
            succeed(target, 1, SLOW);
            fail(target, 1);
        }

        assertThat(target.state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName(
            "while it is open nothing is let through; then one request is, and the others wait for what becomes of it")
    void probe() {
        fail(target, 10);
        time.pass(INTERVAL.minusMillis(1));
        assertThat(target.tryAcquire()).isEmpty();
        assertThat(target.retryAfter()).isEqualTo(Duration.ofMillis(1));

        time.pass(Duration.ofMillis(2));

        assertThat(target.available()).isTrue();
        Permit probe = acquire(target);
        assertThat(target.state()).isEqualTo(State.PROBING);
        assertThat(target.available()).isFalse();
        assertThat(target.tryAcquire()).isEmpty();
        probe.succeeded(QUICK);
        assertThat(target.state()).isEqualTo(State.CLOSED);
        assertThat(target.retryAfter()).isZero();
        assertThat(target.tryAcquire()).isPresent();
    }

    @Test
    @DisplayName("a probe that fails, or is slow, costs another interval")
    void probeFails() {
        fail(target, 10);
        time.pass(INTERVAL.plusMillis(1));

        acquire(target).failed(QUICK);

        assertThat(target.state()).isEqualTo(State.OPEN);
        assertThat(target.retryAfter()).isEqualTo(INTERVAL);
        assertThat(target.tryAcquire()).isEmpty();
        time.pass(INTERVAL.plusMillis(1));
        acquire(target).succeeded(SLOW);
        assertThat(target.state()).isEqualTo(State.OPEN);
    }

    @Test
    @DisplayName("a probe that hangs does not keep the next one from being made, an interval after it")
    void probeHangs() {
        fail(target, 10);
        time.pass(INTERVAL.plusMillis(1));
        Permit hangs = acquire(target);
        time.pass(INTERVAL.minusMillis(1));
        assertThat(target.tryAcquire()).isEmpty();

        time.pass(Duration.ofMillis(1));

        assertThat(target.available()).isTrue();
        Permit next = acquire(target);
        assertThat(target.tryAcquire()).isEmpty();
        next.succeeded(QUICK);
        assertThat(target.state()).isEqualTo(State.CLOSED);
        hangs.failed(SLOW);
        assertThat(target.state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("a target whose first token takes longer than the interval closes all the same")
    void slowProbe() {
        fail(target, 10);
        time.pass(INTERVAL.plusMillis(1));
        Permit first = acquire(target);
        time.pass(INTERVAL);
        acquire(target);
        time.pass(Duration.ofSeconds(5));

        first.succeeded(Duration.ofSeconds(15).toNanos());

        assertThat(target.state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName(
            "while it is down there is one attempt in an interval at most, and once it is up it is used within one")
    void outage() {
        fail(target, 10);
        Duration step = Duration.ofMillis(100);
        List<Permit> hanging = new ArrayList<>();
        int attempts = 0;

        for (Duration since = Duration.ZERO;
                since.compareTo(INTERVAL.multipliedBy(100)) < 0;
                since = since.plus(step)) {
            time.pass(step);
            Optional<Permit> permit = target.tryAcquire();
            if (permit.isPresent()) {
                attempts++;
                switch (attempts % 3) {
                    case 0 -> permit.get().failed(QUICK);
                    case 1 -> permit.get().ignored();
                    default -> hanging.add(permit.get());
                }
            }
        }
        Duration down = Duration.ZERO;
        Optional<Permit> first = target.tryAcquire();
        while (first.isEmpty() && down.compareTo(INTERVAL.multipliedBy(2)) < 0) {
            time.pass(step);
            down = down.plus(step);
            first = target.tryAcquire();
        }
        first.ifPresent(permit -> permit.succeeded(QUICK));

        assertThat(attempts).isBetween(90, 100);
        assertThat(down).isLessThanOrEqualTo(INTERVAL.plus(step));
        assertThat(target.state()).isEqualTo(State.CLOSED);
        hanging.forEach(Permit::ignored);
        assertThat(target.inFlight()).isZero();
    }

    @Test
    @DisplayName("a probe whose client left was one; a permit that was not used was none")
    void probeSaysNothing() {
        fail(target, 10);
        time.pass(INTERVAL.plusMillis(1));

        acquire(target).unused();
        acquire(target).ignored();

        assertThat(target.tryAcquire()).isEmpty();
        assertThat(target.retryAfter()).isEqualTo(INTERVAL);
        time.pass(INTERVAL);
        assertThat(target.tryAcquire()).isPresent();
        assertThat(target.tryAcquire()).isEmpty();
    }

    @Test
    @DisplayName("attempts that began before the outage tell nothing of whether it is over")
    void stragglers() {
        List<Permit> before =
                IntStream.range(0, 40).mapToObj(i -> acquire(target)).toList();
        before.subList(0, 10).forEach(permit -> permit.failed(QUICK));
        time.pass(INTERVAL.plusMillis(1));
        Permit probe = acquire(target);

        before.subList(10, 20).forEach(permit -> permit.succeeded(QUICK));
        before.subList(20, 25).forEach(Permit::unused);

        assertThat(target.state()).isEqualTo(State.PROBING);
        assertThat(target.tryAcquire()).isEmpty();
        before.subList(25, 30).forEach(permit -> permit.failed(QUICK));
        assertThat(target.state()).isEqualTo(State.PROBING);
        probe.succeeded(QUICK);
        before.subList(30, 40).forEach(permit -> permit.failed(QUICK));
        assertThat(target.state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("as many probes as configured are let through at once, and all of them count")
    void severalProbes() {
        Breaker three = new Breaker(true, 20, Percent.of(50), Duration.ofSeconds(60), Percent.of(100), INTERVAL, 3);
        TargetHealth tried = target(three);
        fail(tried, 10);
        time.pass(INTERVAL.plusMillis(1));

        Permit first = acquire(tried);
        assertThat(tried.available()).isTrue();
        Permit second = acquire(tried);
        Permit third = acquire(tried);

        assertThat(tried.tryAcquire()).isEmpty();
        first.succeeded(QUICK);
        second.failed(QUICK);
        assertThat(tried.state()).isEqualTo(State.PROBING);
        third.succeeded(QUICK);
        assertThat(tried.state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("an attempt that is told of twice counts once")
    void settledOnce() {
        fail(target, 9);
        Permit permit = acquire(target);

        permit.ignored();
        permit.failed(QUICK);

        assertThat(target.state()).isEqualTo(State.CLOSED);
        assertThat(target.inFlight()).isZero();
    }

    @Test
    @DisplayName("what says nothing of the target neither opens it nor hides its failures")
    void ignored() {
        fail(target, 5);
        IntStream.range(0, 100).forEach(i -> acquire(target).ignored());
        assertThat(target.state()).isEqualTo(State.CLOSED);

        fail(target, 5);

        assertThat(target.state()).isEqualTo(State.OPEN);
    }

    @Test
    @DisplayName("switched off, it lets everything through, and knows how fast the target is")
    void off() {
        TargetHealth never =
                target(new Breaker(false, 20, Percent.of(50), Duration.ofSeconds(60), Percent.of(100), INTERVAL, 1));

        fail(never, 100);

        assertThat(never.available()).isTrue();
        succeed(never, 1, QUICK);
        assertThat(never.latency()).isPositive();
    }

    @Test
    @DisplayName("any window and shares that can be configured work")
    void extremes() {
        TargetHealth least = target(
                new Breaker(true, 1, new Percent(1), Duration.ofMillis(1), new Percent(1), Duration.ofMillis(1), 1));
        TargetHealth most = target(new Breaker(
                true, 200, Percent.of(100), Duration.ofHours(24), Percent.of(100), Duration.ofHours(24), 20));

        fail(least, 1);
        fail(most, 100);

        assertThat(least.state()).isEqualTo(State.OPEN);
        assertThat(most.state()).isEqualTo(State.OPEN);
    }

    @Test
    @DisplayName(
            "its latency follows what is measured, and sinks while nothing is, so that a slow target is tried again")
    void latency() {
        fail(target, 1);
        assertThat(target.latency()).isZero();
        for (int i = 0; i < 300; i++) {
            succeed(target, 1, Duration.ofSeconds(1).toNanos());
            time.pass(Duration.ofSeconds(1));
        }
        assertThat(target.latency().toMillis()).isCloseTo(1000, within(40L));

        for (int i = 0; i < 120; i++) {
            succeed(target, 1, Duration.ofSeconds(3).toNanos());
            time.pass(Duration.ofSeconds(1));
        }

        assertThat(target.latency().toMillis()).isCloseTo(3000, within(150L));
        time.pass(DecayingAverage.DECAY.multipliedBy(3));
        assertThat(target.latency().toMillis()).isLessThan(200);
    }

    @Test
    @DisplayName("failing quickly makes no target look fast")
    void quickFailures() {
        for (int i = 0; i < 60; i++) {
            succeed(target, 1, Duration.ofSeconds(2).toNanos());
            time.pass(Duration.ofSeconds(1));
            fail(target, 1);
            succeed(target, 1, Duration.ofSeconds(2).toNanos());
        }

        assertThat(target.latency().toMillis()).isCloseTo(2000L, within(1L));
    }

    @Test
    @DisplayName("many threads at once leave nothing behind, let one probe through, and start no thread")
    void threads() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Integer>> users = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                users.add(() -> {
                    for (int n = 0; n < 2000; n++) {
                        Optional<Permit> permit = target.tryAcquire();
                        boolean fails = n % 2 == 0;
                        permit.ifPresent(each -> {
                            if (fails) {
                                each.failed(QUICK);
                            } else {
                                each.succeeded(QUICK);
                            }
                        });
                        if (n % 100 == 0) {
                            time.pass(INTERVAL.dividedBy(10));
                        }
                    }
                    return 0;
                });
            }
            for (Future<Integer> user : pool.invokeAll(users)) {
                user.get();
            }
            assertThat(target.inFlight()).isZero();
            while (target.state() != State.OPEN) {
                target.tryAcquire().ifPresent(permit -> permit.failed(QUICK));
                time.pass(INTERVAL.plusMillis(1));
            }
            time.pass(INTERVAL.plusMillis(1));

            int probes = 0;
            List<Callable<Integer>> askers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                askers.add(() -> (int) IntStream.range(0, 1000)
                        .filter(n -> target.tryAcquire().isPresent())
                        .count());
            }
            for (Future<Integer> asker : pool.invokeAll(askers)) {
                probes += asker.get();
            }

            assertThat(probes).isOne();
            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("CircuitBreaker"));
        } finally {
            pool.shutdownNow();
        }
    }
}
