package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Headers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What one client makes of every stream of {@link StreamForms} and of the commonest {@link #faults}, compared with its
 * column of {@code docs/client-outcomes.md}.
 *
 * <p>The client asks for each form by a model of {@link #whole}, {@link #broken} and {@link #faults}, all at once if it
 * likes, with the retries it has by default. What came of it is told by {@link #answered} and {@link #failed}, from any
 * thread; {@link #check} judges.
 *
 * <p>The document's rows are written by hand. With {@code -Ddocs.update=true} their cells are written by the tests. It
 * is here because two modules of this project compare with it; a plugin's tests have no use for it.
 */
public final class ClientOutcomes {

    /**
     * Three providers for the gateway, all to be pointed at the one upstream. What never answers is asked of
     * {@code silent}, which needs a short first-byte deadline, and what falls silent later of {@code stalling}, which
     * needs a short idle deadline; the others have time, however busy the machine is.
     */
    public static final PluginJar PLUGIN = PluginJar.of("misbehaving")
            .provider("patient", "https://misbehaving.example")
            .provider("silent", "https://misbehaving.example")
            .provider("stalling", "https://misbehaving.example");

    /** The short deadline. */
    public static final Duration DEADLINE = Duration.ofMillis(500);

    private static final Path DOCUMENT = Path.of("../docs/client-outcomes.md");
    private static final String WHOLE = "whole";
    private static final String ERROR =
            "{\"error\":{\"message\":\"it broke\",\"type\":\"server_error\",\"param\":null,\"code\":\"broken\"}}";

    private final String client;
    private final FakeUpstream upstream;
    private final Map<String, String> outcomes = new ConcurrentHashMap<>();

    private ClientOutcomes(String client, FakeUpstream upstream) {
        this.client = client;
        this.upstream = upstream;
    }

    /**
     * {@return outcomes to be filled}
     *
     * @param client the heading of its column
     * @param upstream is told to answer each request with the form that its model names
     */
    public static ClientOutcomes of(String client, FakeUpstream upstream) {
        upstream.answerWith(Answer.from(request -> answer(formOf(request))));
        return new ClientOutcomes(client, upstream);
    }

    /** {@return the models of whole streams, to be asked for first, when nothing is warm yet} */
    public static List<String> whole() {
        return models(StreamForms.whole().keySet());
    }

    /** {@return the models of broken streams} */
    public static List<String> broken() {
        return models(brokenForms());
    }

    private static List<String> brokenForms() {
        List<String> broken = new ArrayList<>(StreamForms.broken());
        broken.add("stallMidStream");
        return broken;
    }

    /** {@return the models of what must be asked for without a stream; each time it is asked for it happens again} */
    public static List<String> faults() {
        return models(answers().keySet());
    }

    private static List<String> models(Collection<String> forms) {
        return forms.stream().map(form -> provider(form) + "/" + form).toList();
    }

    private static String provider(String form) {
        return form.equals("silence") ? "silent" : form.startsWith("stall") ? "stalling" : "patient";
    }

    private static String asForm(String model) {
        return model.substring(model.indexOf('/') + 1);
    }

    private static Map<String, Answer> answers() {
        Map<String, Answer> faults = new LinkedHashMap<>();
        faults.put("resetBeforeHead", Faults.resetBeforeHead());
        faults.put("silence", Faults.silence());
        faults.put("serverError", Answer.json(500, ERROR));
        faults.put("rateLimit", Answer.json(429, Headers.of("retry-after", "1"), ERROR));
        faults.put("htmlError", Faults.htmlError(502));
        faults.put("resetMidBody", Faults.resetMidBody());
        faults.put("closeMidBody", Faults.closeMidBody());
        faults.put("stallMidBody", Faults.stallMidBody());
        return faults;
    }

    private static Answer answer(String name) {
        Answer fault = answers().get(name);
        return fault == null ? StreamForms.answer(name) : fault;
    }

    private static String formOf(ReceivedRequest request) {
        return request.json().path("model").asText();
    }

    /** The client took it for an answer, with this text. */
    public void answered(String model, String text) {
        String form = asForm(model);
        boolean right = text.equals(StreamForms.whole().get(form));
        outcomes.put(form, right ? WHOLE : "taken for an answer: " + text);
    }

    /**
     * The client told the application that it failed.
     *
     * @param error a name by which the application can know it: an exception's class, an error's code
     */
    public void failed(String model, String error) {
        String form = asForm(model);
        // A reset of a connection that was used before is taken for a stale one, and the gateway itself tries once
        // more.
        boolean withoutReplays = form.equals("resetBeforeHead");
        long tries = upstream.requests().stream()
                .filter(request -> formOf(request).equals(form))
                .filter(request -> !withoutReplays || request.placeOnConnection() == 1)
                .count();
        outcomes.put(form, "`" + error + "`" + (tries > 1 ? ", " + tries + " tries" : ""));
    }

    /**
     * Fails unless all whole streams were answers, nothing else was, and the document says the same.
     *
     * @throws AssertionError otherwise
     */
    public void check() {
        Map<String, String> sorted = new TreeMap<>(outcomes);
        Set<String> all = new TreeSet<>(StreamForms.whole().keySet());
        all.addAll(brokenForms());
        all.addAll(answers().keySet());
        assertThat(sorted).containsOnlyKeys(all);
        sorted.forEach((form, outcome) -> {
            boolean right = StreamForms.whole().containsKey(form) ? outcome.equals(WHOLE) : outcome.startsWith("`");
            assertThat(right).as("%s made of %s: %s", client, form, outcome).isTrue();
        });
        try {
            if (Boolean.getBoolean("docs.update")) {
                Files.writeString(DOCUMENT, filled(Files.readString(DOCUMENT)));
            }
            Map<String, String> documented = column(Files.readString(DOCUMENT));
            assertThat(documented).as("the rows of %s", DOCUMENT).containsOnlyKeys(all);
            documented.forEach((form, cell) -> assertThat(alternatives(cell))
                    .as("%s, %s in %s; mvn verify -Ddocs.update=true writes it anew", form, client, DOCUMENT)
                    .contains(sorted.get(form)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, String> column(String document) {
        Map<String, String> column = new TreeMap<>();
        walk(document, (cells, at) -> column.put(cells[1].strip().replace("`", ""), cells[at].strip()));
        return column;
    }

    private String filled(String document) {
        return walk(document, (cells, at) -> {
            String outcome = outcomes.get(cells[1].strip().replace("`", ""));
            if (outcome != null && !alternatives(cells[at]).contains(outcome)) {
                cells[at] = " " + outcome + " ";
            }
        });
    }

    /** Where a client may see the event or the cut behind it first, the document names both outcomes. */
    private static List<String> alternatives(String cell) {
        return List.of(cell.strip().split(" or "));
    }

    /** Shows a visitor each row that is about a form, with the place of this client's cell. {@return all lines again} */
    private String walk(String document, Visitor visitor) {
        int column = -1;
        StringBuilder lines = new StringBuilder();
        for (String line : document.split("\n")) {
            String[] cells = line.split("\\|", -1);
            if (cells.length > 2 && cells[1].strip().equals("Provider")) {
                column = Arrays.stream(cells).map(String::strip).toList().indexOf(client);
                assertThat(column).as("a column %s in: %s", client, line).isPositive();
            } else if (cells.length > 2 && cells[1].startsWith(" `")) {
                visitor.row(cells, column);
            }
            lines.append(String.join("|", cells)).append('\n');
        }
        return lines.toString();
    }

    private interface Visitor {
        void row(String[] cells, int column);
    }
}
