package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import io.magicapi.gateway.tests.FieldFate.Asked;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The tables of docs/providers/README.md tell what the plugins did with each field that they were given here. {@code
 * -Ddocs.update=true} writes them anew.
 */
@DisplayName("docs/providers/README.md")
class ProviderFieldsDocTest {

    private static final Path DOC = Path.of("../docs/providers/README.md");

    private static final String GROQ_DROPS = "groq-drops";

    /** Each column that may differ from all others, with its heading. */
    private static final Map<String, String> COLUMNS = columns();

    @RegisterExtension
    static final GatewayExtension gateway = gateway();

    private final Map<String, Asked> asked = new HashMap<>();

    private static Map<String, String> columns() {
        Map<String, String> columns = new LinkedHashMap<>();
        columns.put("openai", "`openai`");
        columns.put("groq", "`groq`");
        columns.put(GROQ_DROPS, "`groq`, `unsupported-fields: drop`");
        columns.put("anthropic", "`anthropic`");
        columns.put("bedrock", "`bedrock`");
        return columns;
    }

    private static GatewayExtension gateway() {
        GatewayExtension all = OpenAiJar.gateway()
                .plugin(GroqJar.PATH)
                .plugin(AnthropicFake.JAR)
                .plugin(BedrockFake.JAR)
                .provider("groq", "/openai")
                .provider("anthropic", "")
                .provider("bedrock", "");
        instance(all, GROQ_DROPS, "groq", "unsupported-fields", "drop");
        instance(all, "groq-rejects", "groq", "unsupported-fields", "reject");
        instance(all, "anthropic-rejects", "anthropic", "unmapped-fields", "reject");
        instance(all, "bedrock-rejects", "bedrock", "unmapped-fields", "reject");
        return all;
    }

    private static void instance(GatewayExtension all, String name, String plugin, String option, String value) {
        all.provider(name, "").options(name, option, value).config(config -> {
            Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
            providers.compute(name, (same, settings) -> settings.withPlugin(plugin));
            return config.withProviders(providers);
        });
    }

    @BeforeEach
    void answer() {
        gateway.upstream().answerWith(Answer.from(ProviderFieldsDocTest::answer));
    }

    private static Answer answer(ReceivedRequest request) {
        if (request.target().equals("/v1/messages")) {
            return AnthropicFake.answer(request);
        }
        if (request.target().startsWith("/model/")) {
            return BedrockFake.answer(request);
        }
        return request.json().path("stream").asBoolean() ? Answer.events(Streams.chat("Hi")) : Answer.json(200, "{}");
    }

    private Asked ask(String provider, String body) {
        return asked.computeIfAbsent(provider + body, first -> {
            int before = gateway.upstream().requests().size();
            Reply reply = AnswerClient.ask(gateway, provider, body, new String[0]);
            List<ReceivedRequest> received = gateway.upstream().requests();
            assertThat(received.size() - before).isBetween(0, 1);
            return new Asked(body, reply, received.stream().skip(before).findFirst());
        });
    }

    private List<String> fates(String provider) {
        return ChatFields.rows().stream().map(row -> fate(provider, row)).toList();
    }

    private String fate(String provider, ChatFields.Row row) {
        return FieldFate.of(row.name(), ask(provider, row.without()), ask(provider, row.with()));
    }

    @Test
    @DisplayName("what is passed, mapped, dropped and refused of a request, by every provider in the box")
    void requests() throws IOException {
        Map<String, List<String>> fates = new LinkedHashMap<>();
        COLUMNS.forEach((provider, heading) -> fates.put(heading, fates(provider)));
        List<String> likeOpenAi = new ArrayList<>();
        for (String other : OpenAiJar.PLACES.keySet()) {
            List<String> its = fates(other);
            if (!its.equals(fates.get("`openai`"))) {
                fates.put("`" + other + "`", its);
            } else if (!other.equals("openai")) {
                likeOpenAi.add("`" + other + "`");
            }
        }
        List<String> labels =
                ChatFields.rows().stream().map(ChatFields.Row::label).toList();

        assertWritten(
                "requests",
                table("Field", labels, fates) + "\n\n`openai` stands also for " + String.join(", ", likeOpenAi) + ".");
    }

    @Test
    @DisplayName("no field that OpenAI's SDK has is missing")
    void complete() {
        List<String> known = Arrays.stream(ChatCompletionCreateParams.Body.class.getMethods())
                .flatMap(getter -> Stream.ofNullable(getter.getAnnotation(JsonProperty.class)))
                .map(JsonProperty::value)
                .toList();

        assertThat(known).hasSizeGreaterThan(30);
        assertThat(ChatFields.rows()).extracting(ChatFields.Row::name).containsAll(known);
    }

    @ParameterizedTest
    @CsvSource({
        GROQ_DROPS + ", groq-rejects",
        "anthropic, anthropic-rejects",
        "bedrock, bedrock-rejects",
    })
    @DisplayName(
            "what is dropped or changed is a 400 that names the field, where the operator wants that; all else stays")
    void rejected(String lenient, String strict) {
        for (ChatFields.Row row : ChatFields.rows()) {
            String fate = fate(lenient, row);
            if (fate.equals(FieldFate.DROPPED) || fate.endsWith(FieldFate.CHANGED)) {
                Asked refused = ask(strict, row.with());
                assertThat(refused.reply().status()).as("%s", refused).isEqualTo(400);
                assertThat(refused.received()).isEmpty();
                assertThat(refused.reply().error().path("param").asText().replaceAll("\\d+", ""))
                        .startsWith(row.name());
            } else {
                assertThat(fate(strict, row)).as(row.label()).isEqualTo(fate);
            }
        }
    }

    @Test
    @DisplayName("what an answer has, given all that the provider may say")
    void answers() throws IOException {
        Map<String, List<String>> columns = new LinkedHashMap<>();
        for (String provider : List.of("openai", "groq", "anthropic", "bedrock")) {
            String said = ChatAnswers.of(provider);
            gateway.upstream().enqueue(Answer.json(200, said));
            Reply reply = AnswerClient.ask(gateway, provider, AnswerClient.CHAT, new String[0]);
            columns.put(
                    "`" + provider + "`",
                    ChatAnswers.FIELDS.stream()
                            .map(pointer -> ChatAnswers.origin(pointer, said, reply))
                            .toList());
        }

        assertWritten("answers", table("Field", ChatAnswers.labels(), columns));
    }

    private static String table(String first, List<String> labels, Map<String, List<String>> columns) {
        List<String> lines = new ArrayList<>();
        lines.add("| " + first + " | " + String.join(" | ", columns.keySet()) + " |");
        lines.add("|---".repeat(columns.size() + 1) + "|");
        for (int i = 0; i < labels.size(); i++) {
            int row = i;
            lines.add("| " + labels.get(i) + " | "
                    + columns.values().stream().map(cells -> cells.get(row)).collect(Collectors.joining(" | "))
                    + " |");
        }
        return String.join("\n", lines);
    }

    private static void assertWritten(String name, String table) throws IOException {
        String begin = "<!-- written by ProviderFieldsDocTest: " + name + " -->\n";
        String end = "\n<!-- end -->";
        String document = Files.readString(DOC);
        assertThat(document).contains(begin);
        int from = document.indexOf(begin) + begin.length();
        int to = document.indexOf(end, from);
        if (Boolean.getBoolean("docs.update")) {
            Files.writeString(DOC, document.substring(0, from) + table + document.substring(to));
        } else {
            assertThat(document.substring(from, to))
                    .as("%s in %s; mvn verify -Ddocs.update=true writes it anew", name, DOC)
                    .isEqualTo(table);
        }
    }
}
