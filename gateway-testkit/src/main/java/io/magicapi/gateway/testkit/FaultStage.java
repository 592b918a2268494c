package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.testkit.ContractClient.Reply;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A gateway with two providers on which one {@link Scenario} is played. */
final class FaultStage implements AutoCloseable {

    private static final Answer WELL = FaultBench.saying("Hello", " there");
    private static final Answer SPARE = FaultBench.saying("Good", " day");

    private static final String REQUEST =
            "{\"model\":\"smart\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    /** More of a text is not worth showing. */
    private static final int MUCH = 40;

    /** Longer than a connection is kept that lingers after its answer. */
    private static final Duration CLOSING = Duration.ofSeconds(5);

    private final Scenario scenario;
    private final AccessLines lines;
    private final GatewayExtension gateway;
    private final FakeUpstream spare = FakeUpstream.start();

    /**
     * Starts the gateway.
     *
     * @param gateway has the plugins, and is not started
     * @param mainOf the provider that {@code main} is an instance of
     * @param spareOf the provider that {@code spare} is an instance of
     */
    FaultStage(Scenario scenario, GatewayExtension gateway, String mainOf, String spareOf, AccessLines lines)
            throws Exception {
        this.scenario = scenario;
        this.lines = lines;
        this.gateway = gateway.provider("main", "").config(config -> configured(config, mainOf, spareOf));
        keys().forEach(key ->
                gateway.environment(key, key.toLowerCase(Locale.ROOT).replace('_', '-')));
        gateway.environment("SPARE_KEY", "spare-key");
        gateway.start();
    }

    private List<String> keys() {
        return IntStream.rangeClosed(1, scenario.keys())
                .mapToObj(number -> "MAIN_KEY_" + number)
                .toList();
    }

    private GatewayConfig configured(GatewayConfig usual, String mainOf, String spareOf) {
        Map<String, ProviderSettings> providers = new HashMap<>(usual.providers());
        providers.compute(
                "main",
                (name, settings) -> scenario.apply(settings.withPlugin(mainOf)
                        .withKeys(keys().stream().map(FaultStage::key).toList())));
        providers.put(
                "spare",
                ProviderSettings.DEFAULT
                        .withPlugin(spareOf)
                        .withBaseUrl(spare.baseUrl())
                        .withKeys(List.of(key("SPARE_KEY"))));
        return usual.withProviders(providers)
                .withModels(Map.of("smart", scenario.apply(ModelRoute.to("main/m", "spare/m"))));
    }

    private static Key key(String variable) {
        return new Key(variable, Optional.of(variable), Optional.empty(), 1);
    }

    /** {@return what was seen} */
    Observation play() throws Exception {
        FakeUpstream main = gateway.upstream().answerWith(WELL);
        spare.answerWith(SPARE);
        scenario.play(main, spare);
        List<Asked> asked = askAll();
        gateway.awaitIdle();
        return scenario.lasts()
                ? new Observation(counted(asked, Asked::status), attempts(asked), outcomes(asked))
                : new Observation(counted(asked, Asked::caller), providers(), counted(asked, Asked::accounted));
    }

    // --- asking

    private List<Asked> askAll() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(scenario.clients());
        try {
            List<Asked> all = new ArrayList<>();
            for (Future<List<Asked>> asked :
                    callers.invokeAll(Collections.<Callable<List<Asked>>>nCopies(scenario.clients(), this::ask))) {
                all.addAll(asked.get());
            }
            return all;
        } finally {
            callers.shutdownNow();
        }
    }

    private List<Asked> ask() throws IOException, InterruptedException {
        ContractClient client = new ContractClient();
        HttpRequest request = ContractClient.json(
                        ContractClient.to(gateway.uri("/v1/chat/completions")), REQUEST.formatted(scenario.isStream()))
                .build();
        long end = System.nanoTime() + scenario.length().toNanos();
        List<Asked> asked = new ArrayList<>();
        int least = (scenario.requests() - 1) / scenario.clients() + 1;
        while (asked.size() < least || System.nanoTime() < end) {
            Reply reply = client.send(request);
            asked.add(new Asked(
                    reply,
                    scenario.isStream(),
                    lines.awaitLine(reply.header("x-request-id").orElse("none"))));
        }
        return asked;
    }

    /** One request as its caller and its access line tell it. */
    private record Asked(Reply reply, boolean stream, Map<String, String> line) {

        int attempts() {
            return Integer.parseInt(reply.header("x-gateway-attempts").orElse("0"));
        }

        String caller() {
            String from = " from " + reply.header("x-gateway-provider").orElse("the gateway");
            return status() + said() + from + (attempts() > 1 ? ", " + attempts() + " attempts" : "");
        }

        String status() {
            return reply.status() + (reply.status() >= 400 ? " " + code(reply.error()) : reply.whole() ? "" : " cut");
        }

        private String said() {
            if (reply.status() >= 400) {
                return "";
            }
            List<JsonNode> events = reply.events();
            if (reply.whole()) {
                return quoted(text())
                        + (stream && !reply.endsWithDone() ? " without [DONE]" : "")
                        + (events.stream().anyMatch(JsonNode::isMissingNode) ? " and nonsense" : "");
            }
            if (!stream) {
                return "";
            }
            JsonNode last = events.isEmpty() ? MissingNode.getInstance() : events.get(events.size() - 1);
            return " after" + quoted(text()) + (last.has("error") ? " (" + code(last.path("error")) + ")" : "");
        }

        private String text() {
            return stream
                    ? reply.streamedText()
                    : reply.json().at("/choices/0/message/content").asText(reply.text());
        }

        private static String quoted(String text) {
            return " \"" + (text.length() > MUCH ? text.substring(0, MUCH) + "…" : text) + '"';
        }

        private static String code(JsonNode error) {
            return error.path("code").asText("null").equals("null")
                    ? error.path("type").asText("without an error")
                    : error.path("code").asText();
        }

        String accounted() {
            List<String> facts = new ArrayList<>(List.of(outcome()));
            Stream.of("code", "provider")
                    .map(line::get)
                    .filter(Objects::nonNull)
                    .forEach(facts::add);
            if (line.containsKey("tokens-estimated")) {
                facts.add("estimated tokens");
            } else if (line.containsKey("tokens-in")) {
                facts.add(line.get("tokens-in") + "+" + line.get("tokens-out") + " tokens");
            }
            int counted = Integer.parseInt(line.getOrDefault("attempts", attempts() == 0 ? "0" : "1"));
            if (counted != attempts()) {
                facts.add(counted + " attempts");
            }
            return String.join(", ", facts);
        }

        String outcome() {
            return line.getOrDefault("outcome", "no outcome");
        }
    }

    // --- what was seen

    private String providers() throws InterruptedException {
        FakeUpstream main = gateway.upstream();
        List<ReceivedRequest> requests = main.requests();
        if (scenario.isToClose()) {
            Waiting.within(CLOSING, () -> main.openConnections() == 0);
        }
        boolean closed = !requests.isEmpty() && main.openConnections() == 0;
        return "main " + requests.size() + (scenario.spaced() ? gap(requests) : "") + (closed ? ", closed" : "")
                + "; spare " + spare.requests().size();
    }

    private String gap(List<ReceivedRequest> requests) {
        if (requests.size() < 2) {
            return "";
        }
        long gap = Duration.between(requests.get(0).arrivedAt(), requests.get(1).arrivedAt())
                .toMillis();
        boolean kept = gap >= scenario.leastGap() && gap <= scenario.mostGap();
        return ", " + (kept ? scenario.leastGap() + " to " + scenario.mostGap() : gap) + " ms apart";
    }

    private String attempts(List<Asked> asked) {
        double each = asked.stream().mapToInt(Asked::attempts).average().orElse(0);
        return each <= scenario.mostAttempts()
                ? "at most " + scenario.mostAttempts() + " attempts a request"
                : "%.2f attempts a request".formatted(each);
    }

    private static String outcomes(List<Asked> asked) {
        return asked.stream().map(Asked::outcome).distinct().sorted().collect(Collectors.joining(", "));
    }

    private String counted(List<Asked> asked, Function<Asked, String> words) {
        Map<String, Long> counts =
                asked.stream().collect(Collectors.groupingBy(words, TreeMap::new, Collectors.counting()));
        if (counts.size() == 1) {
            String only = counts.keySet().iterator().next();
            return scenario.lasts()
                    ? scenario.requests() + " or more × " + only
                    : asked.size() == 1 ? only : asked.size() + " × " + only;
        }
        return counts.entrySet().stream()
                .map(entry -> entry.getValue() + " × " + entry.getKey())
                .collect(Collectors.joining("; "));
    }

    @Override
    public void close() throws Exception {
        gateway.stop();
        spare.close();
    }
}
