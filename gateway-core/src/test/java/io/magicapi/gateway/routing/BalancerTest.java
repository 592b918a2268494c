package io.magicapi.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.magicapi.gateway.config.GatewayConfig.Balance;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.health.FakeTime;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.health.TargetHealth;
import io.magicapi.gateway.upstream.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BalancerTest {

    private static Share share(String provider, int weight) {
        return new Share(List.of(new Target(provider, Optional.of("large"), true)), weight);
    }

    private static final Share A = share("a", 60);
    private static final Share B = share("b", 30);
    private static final Share C = share("c", 10);
    private static final Share LAST = share("last", 0);
    private static final List<Share> ALL = List.of(A, B, C);

    private final FakeTime time = new FakeTime();
    private final Health health = new Health(provider -> ProviderSettings.DEFAULT, time);
    private final Balancer balancer = new Balancer(health);
    private final Random random = new Random(1);

    private List<Share> order(List<Share> targets, Balance balance) {
        return balancer.order(targets, balance, Optional.empty(), random);
    }

    private List<Share> sticky(List<Share> targets, String value) {
        return balancer.order(targets, Balance.ORDERED, Optional.of(value), random);
    }

    private static double share(List<Share> drawn, Share target) {
        return (double) drawn.stream().filter(target::equals).count() / drawn.size();
    }

    private static List<Share> repeat(int times, Function<Integer, Share> draw) {
        return IntStream.range(0, times).mapToObj(draw::apply).toList();
    }

    private void measured(Share target, Duration firstToken) {
        TargetHealth each = health.target(target.provider(), target.model());
        each.tryAcquire().orElseThrow().succeeded(firstToken.toNanos());
    }

    private void busy(Share target, int requests) {
        TargetHealth each = health.target(target.provider(), target.model());
        IntStream.range(0, requests).forEach(i -> assertThat(each.tryAcquire()).isPresent());
    }

    private void open(Share target) {
        TargetHealth each = health.target(target.provider(), target.model());
        while (each.available()) {
            each.tryAcquire().orElseThrow().failed(1);
        }
    }

    @Test
    @DisplayName("ordered is as configured")
    void ordered() {
        assertThat(order(ALL, Balance.ORDERED)).containsExactly(A, B, C);
        assertThat(order(List.of(A), Balance.FASTEST)).containsExactly(A);
        assertThat(order(List.of(), Balance.WEIGHTED)).isEmpty();
    }

    @Test
    @DisplayName("weighted gives each its share of the first places, and of the second ones if the first is gone")
    void weighted() {
        List<List<Share>> orders = IntStream.range(0, 20_000)
                .mapToObj(i -> order(ALL, Balance.WEIGHTED))
                .toList();

        List<Share> first = orders.stream().map(order -> order.get(0)).toList();
        assertThat(share(first, A)).isCloseTo(0.6, within(0.02));
        assertThat(share(first, B)).isCloseTo(0.3, within(0.02));
        assertThat(share(first, C)).isCloseTo(0.1, within(0.02));
        List<Share> withoutA = orders.stream()
                .filter(order -> order.get(0).equals(A))
                .map(order -> order.get(1))
                .toList();
        assertThat(share(withoutA, B)).isCloseTo(0.75, within(0.02));
        assertThat(orders).allSatisfy(order -> assertThat(order).containsExactlyInAnyOrder(A, B, C));
    }

    @Test
    @DisplayName("a target without weight comes after all others")
    void noWeight() {
        List<Share> targets = List.of(LAST, A, B);

        for (int i = 0; i < 1000; i++) {
            assertThat(order(targets, Balance.WEIGHTED)).last().isEqualTo(LAST);
            assertThat(sticky(targets, "session-" + i)).last().isEqualTo(LAST);
        }
    }

    @Test
    @DisplayName("fastest takes the better of two, never the worst of three, and tries the others from the best on")
    void fastest() {
        measured(A, Duration.ofSeconds(3));
        measured(B, Duration.ofSeconds(1));
        measured(C, Duration.ofSeconds(2));

        List<List<Share>> orders = IntStream.range(0, 3000)
                .mapToObj(i -> order(ALL, Balance.FASTEST))
                .toList();

        List<Share> first = orders.stream().map(order -> order.get(0)).toList();
        assertThat(share(first, B)).isCloseTo(2 / 3.0, within(0.05));
        assertThat(share(first, C)).isCloseTo(1 / 3.0, within(0.05));
        assertThat(orders.stream().collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(List.of(B, C, A), List.of(C, B, A));
        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(B, A);
    }

    @Test
    @DisplayName("a fast target that is busy is left for a slower one that is not")
    void busy() {
        measured(A, Duration.ofSeconds(1));
        measured(B, Duration.ofSeconds(3));
        busy(A, 5);

        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(B, A);
    }

    @Test
    @DisplayName("a slow target that was not used for a while is tried again")
    void triedAgain() {
        measured(A, Duration.ofSeconds(1));
        measured(B, Duration.ofSeconds(10));
        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(A, B);

        time.pass(Duration.ofMinutes(2));
        IntStream.range(0, 3).forEach(i -> measured(A, Duration.ofSeconds(1)));

        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(B, A);
        busy(B, 1);
        measured(B, Duration.ofSeconds(10));
        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(A, B);
    }

    @Test
    @DisplayName("a target that nothing is known of gets its share and no more")
    void unknown() {
        measured(A, Duration.ofSeconds(1));
        Share unknown = share("new", 1);

        List<Share> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Share first = order(List.of(A, unknown), Balance.FASTEST).get(0);
            busy(first, 1);
            sent.add(first);
        }

        assertThat(share(sent, unknown)).isCloseTo(0.5, within(0.01));
    }

    @Test
    @DisplayName("a target that is left alone comes last, and first again when its probe is due")
    void leftAlone() {
        measured(A, Duration.ofSeconds(1));
        measured(B, Duration.ofSeconds(9));
        open(A);

        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(B, A);
        time.pass(Duration.ofSeconds(11));
        assertThat(order(List.of(A, B), Balance.FASTEST)).containsExactly(A, B);
    }

    @Test
    @DisplayName(
            "sticky sends the same value to the same target, whatever the chances and the order of the configuration")
    void sticky() {
        for (int i = 0; i < 1000; i++) {
            String session = "session-" + i;
            assertThat(sticky(ALL, session))
                    .isEqualTo(sticky(List.of(C, A, B), session))
                    .containsExactlyInAnyOrder(A, B, C);
        }
    }

    @Test
    @DisplayName("sticky values are spread by weight")
    void stickyWeights() {
        List<Share> first = repeat(20_000, i -> sticky(ALL, "session-" + i).get(0));

        assertThat(share(first, A)).isCloseTo(0.6, within(0.02));
        assertThat(share(first, B)).isCloseTo(0.3, within(0.02));
        assertThat(share(first, C)).isCloseTo(0.1, within(0.02));
    }

    @Test
    @DisplayName("a target that is gone moves only its own share, to the others by weight")
    void stickyLoss() {
        List<Share> moved = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            List<Share> before = sticky(ALL, "session-" + i);
            List<Share> after = sticky(List.of(B, C), "session-" + i);
            if (before.get(0).equals(A)) {
                moved.add(after.get(0));
                assertThat(after.get(0)).isEqualTo(before.get(1));
            } else {
                assertThat(after.get(0)).isEqualTo(before.get(0));
            }
        }

        assertThat(share(moved, B)).isCloseTo(0.75, within(0.02));
    }
}
