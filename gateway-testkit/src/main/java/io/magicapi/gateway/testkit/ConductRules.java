package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.testkit.ContractClient.Reply;
import io.magicapi.gateway.testkit.ContractSamples.Sample;
import io.magicapi.gateway.testkit.ContractSubject.Started;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.event.Level;

/** How a provider behaves as a guest: towards event loops, deadlines, connections and secrets. */
final class ConductRules {

    private static final Duration BRIEF = Duration.ofMillis(10);
    private static final int LEAVERS = 5;

    private final ContractSubject subject;

    ConductRules(ContractSubject subject) {
        this.subject = subject;
    }

    /**
     * Of several measurements the best counts, so that a busy machine breaks no rule: for first calls the best of five
     * instances, for later ones the median of fifty.
     */
    void brief() throws Exception {
        Assumptions.assumeFalse(subject.abilities.isBlocking(), "it is declared that calls may block");
        List<Duration> first = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            try (Started started = subject.started()) {
                first.add(time(started.provider()));
            }
        }
        List<Duration> later = new ArrayList<>();
        try (Started started = subject.started()) {
            for (int i = 0; i < 50; i++) {
                later.add(time(started.provider()));
            }
        }

        assertThat(first.stream().sorted().findFirst().orElseThrow())
                .as("the first call of an instance, at best")
                .isLessThan(BRIEF);
        assertThat(later.stream().sorted().skip(25).findFirst().orElseThrow())
                .as("a call, in the median")
                .isLessThan(BRIEF);
    }

    /** What the provider does in its calls; what happens while a stage is awaited does not hold an event loop. */
    private Duration time(Provider provider) throws Exception {
        TestCall call = subject.call();
        long begin = System.nanoTime();
        var stage = provider.openAsync(call);
        long opened = System.nanoTime();
        Exchange exchange = stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
        long resumed = System.nanoTime();
        exchange.request();
        return Duration.ofNanos(opened - begin + System.nanoTime() - resumed);
    }

    /** Asked of any model that a client may name; where the answer is yes, the beginning must reach the upstream. */
    void continuesAnswers() throws Exception {
        List<Duration> took = new ArrayList<>();
        Optional<String> continued = Optional.empty();
        try (Started one = subject.started();
                Started other = subject.started()) {
            for (String model : modelsOfAllKinds(one.provider())) {
                long begin = System.nanoTime();
                boolean said = one.provider().continuesAnswers(model);
                took.add(Duration.ofNanos(System.nanoTime() - begin));
                assertThat(one.provider().continuesAnswers(model))
                        .as("continuesAnswers(\"%s\"), the second time", model)
                        .isEqualTo(said);
                assertThat(other.provider().continuesAnswers(model))
                        .as("continuesAnswers(\"%s\") of another instance", model)
                        .isEqualTo(said);
                continued = continued.or(() -> said ? Optional.of(model) : Optional.empty());
            }
        }
        if (!subject.abilities.isBlocking()) {
            assertThat(took.stream().sorted().skip(took.size() / 2).findFirst().orElseThrow())
                    .as("a call, in the median")
                    .isLessThan(BRIEF);
        }
        if (continued.isPresent()) {
            String chat = ContractSamples.begun(continued.get());
            ReceivedRequest sent = subject.sent(ContractClient.json(subject.to(ContractSamples.CHAT), chat));
            assertThat(sent.text()).as("the body upstream").contains(ContractSamples.WORDS, ContractSamples.BEGUN);
        }
    }

    private List<String> modelsOfAllKinds(Provider provider) {
        List<String> models = new ArrayList<>(
                List.of(subject.model, "", "/", "no-such-model", "a/b/c:d@e", "ünïcode", "m".repeat(5000)));
        provider.models().forEach(model -> models.add(model.id()));
        return models;
    }

    void deadlines() throws Exception {
        subject.gateway(); // or it would not start a second time either
        Sample sample = subject.probe();
        Duration firstByte = Duration.ofMillis(100);
        GatewayExtension hasty = subject.startGateway(new Deadlines(Duration.ofSeconds(3), firstByte, firstByte));
        try {
            hasty.upstream().answerWith(Faults.silence());
            long begin = System.nanoTime();

            Reply reply = subject.send(ContractClient.json(
                    subject.withKey(ContractClient.to(hasty.uri(sample.path()))).header("x-provider", subject.name()),
                    streams(sample) ? ContractSamples.stream(subject.model) : sample.body()));

            assertThat(reply.status()).as("%s", reply).isEqualTo(504);
            assertThat(reply.error().path("code").asText()).as("%s", reply).isEqualTo("upstream_timeout");
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .as("time until the client knew, with a deadline of %s", firstByte)
                    .isLessThan(firstByte.plusSeconds(2));
        } finally {
            hasty.stop();
        }
    }

    private boolean streams(Sample sample) {
        return sample.path().equals(ContractSamples.CHAT) && subject.abilities.streams();
    }

    private Answer halfAStream() {
        Wire.Message stream = subject.abilities.wire().stream();
        return stream.begin(stream.body().length / 2);
    }

    /** A client that sends a request, sees it reach the upstream, and leaves. */
    void oneRequestUntilTheClientLeaves() throws Exception {
        Sample sample = subject.probe();
        boolean streams = streams(sample);
        String body = streams ? ContractSamples.stream(subject.model) : sample.body();
        subject.upstream().answerWith(streams ? halfAStream().stall() : Faults.silence());
        for (int i = 0; i < LEAVERS; i++) {
            try (Socket client = new Socket(
                    InetAddress.getLoopbackAddress(), subject.gateway().port())) {
                byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                StringBuilder head =
                        new StringBuilder("POST " + sample.path() + " HTTP/1.1\r\nhost: gateway\r\nx-provider: "
                                + subject.name() + "\r\ncontent-type: application/json\r\ncontent-length: "
                                + bytes.length + "\r\n");
                subject.abilities
                        .credentials(subject.key)
                        .forEach((name, value) ->
                                head.append(name).append(": ").append(value).append("\r\n"));
                client.getOutputStream().write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
                client.getOutputStream().write(bytes);
                subject.upstream().awaitRequest();
            }
            assertThat(subject.upstream()
                            .awaitClientClosed(Duration.ofSeconds(2))
                            .withinAnswer())
                    .as("the upstream's answer was broken off")
                    .isTrue();
        }

        assertThat(subject.upstream().requests())
                .as("requests upstream of %s clients", LEAVERS)
                .hasSize(LEAVERS);
        Waiting.until(
                "the gateway is done with these requests",
                () -> subject.gateway().gateway().inFlight() == 0);
    }

    void noSecretLogged() throws Exception {
        Sample sample = subject.probe();
        List<String> seen = new ArrayList<>();
        String code = subject.instance().getClass().getPackageName();
        try (LogCapture all = LogCapture.of("ROOT");
                LogCapture own = LogCapture.of(code, Level.TRACE)) {
            seen.add(subject.send(request(sample)).text());
            for (int status : List.of(401, 429, 500)) {
                subject.upstream()
                        .answerWith(subject.abilities.wire().error(status).answer());
                seen.add(subject.send(request(sample)).text());
            }
            subject.upstream().answerWith(Faults.resetBeforeHead());
            seen.add(subject.send(request(sample)).text());
            if (sample.path().equals(ContractSamples.CHAT)) {
                for (String odd : ContractSamples.odd(subject.model)) {
                    seen.add(subject.chat(odd.replace("hi", ContractSamples.WORDS))
                            .text());
                }
            }

            assertThat(all.lines()).as("the log").allSatisfy(this::assertDiscreet);
            assertThat(own.lines()).as("the log of %s, at level TRACE", code).allSatisfy(this::assertDiscreet);
            assertThat(seen)
                    .as("answers to clients")
                    .allSatisfy(answer -> assertThat(answer.contains(subject.key))
                            .as("has the key")
                            .isFalse());
        }
    }

    private HttpRequest.Builder request(Sample sample) {
        return ContractClient.json(subject.to(sample.path()), sample.body());
    }

    /** Does not quote what it found: reports are kept. */
    private void assertDiscreet(String line) {
        assertThat(line.contains(subject.key)).as("has the key").isFalse();
        assertThat(line.contains(ContractSamples.WORDS))
                .as("has the client's words")
                .isFalse();
        assertThat(line.contains(Wire.TEXT)).as("has the answer's words").isFalse();
    }

    void noSecretPrinted() throws Exception {
        try (Started started = subject.started()) {
            Provider provider = started.provider();
            Exchange exchange =
                    provider.openAsync(subject.call()).toCompletableFuture().get(10, TimeUnit.SECONDS);
            UpstreamRequest request = exchange.request();

            for (Object printed : List.of(provider, exchange, request, request.headers(), request.body())) {
                assertThat(String.valueOf(printed).contains(subject.key))
                        .as("toString of %s has the key", printed.getClass())
                        .isFalse();
            }
        }
    }
}
