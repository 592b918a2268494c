package io.magicapi.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What editors and {@code config schema} know of the configuration is what the gateway reads. */
class ConfigSchemaTest {

    private static final Path DOCS = docs();
    private static final Path SCHEMA = DOCS.resolve("gateway.schema.json");
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path directory;

    @Test
    @DisplayName("docs/gateway.schema.json has the keys that are read, described as in the reference, in under 20 KB")
    void schema() throws IOException {
        Map<String, String> descriptions = new HashMap<>();
        Pattern.compile("(?m)^\\| `([a-z0-9.<>\\[\\]-]+)` \\|[^|]+\\|[^|]+\\|[^|]*\\| (.+) \\|$")
                .matcher(Files.readString(DOCS.resolve("configuration.md")))
                .results()
                .forEach(row -> descriptions.put(row.group(1), SchemaWriter.plain(row.group(2))));

        String text = SchemaWriter.text(SchemaWriter.write(ConfigLoader.keys(), descriptions));

        if (Boolean.getBoolean("docs.update")) {
            Files.writeString(SCHEMA, text);
        }
        assertThat(Files.readString(SCHEMA))
                .as("mvn verify -Ddocs.update=true writes it anew")
                .isEqualTo(text);
        assertThat(JSON.readTree(text).size()).isPositive();
        assertThat(text.getBytes(StandardCharsets.UTF_8).length).isLessThan(20_000);
    }

    @Test
    @DisplayName("it travels in the jar")
    void inTheJar() throws IOException {
        assumeFalse(Boolean.getBoolean("docs.update"), "it was just written, and is not yet in the jar");
        try (InputStream in = ConfigLoader.class.getResourceAsStream("gateway.schema.json")) {
            assertThat(Objects.requireNonNull(in)).hasBinaryContent(Files.readAllBytes(SCHEMA));
        }
    }

    @Test
    @DisplayName("every YAML example of the documentation that is a configuration is one by the schema, too")
    void examples() throws IOException {
        List<String> examples = new ArrayList<>();
        try (Stream<Path> files = Files.walk(DOCS)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".md")).toList()) {
                Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL)
                        .matcher(Files.readString(file))
                        .results()
                        .map(MatchResult::group)
                        .map(block -> block.substring("```yaml\n".length(), block.length() - 3))
                        .filter(ConfigSchemaTest::isConfiguration)
                        .forEach(examples::add);
            }
        }

        assertThat(examples)
                .hasSizeGreaterThan(5)
                .allSatisfy(
                        example -> assertThat(complaints(example)).as(example).isEmpty());
    }

    /** Others are of Kubernetes, of other gateways, and so on. */
    private static boolean isConfiguration(String yaml) {
        JsonNode json = json(yaml);
        List<String> top = ConfigLoader.keys().stream()
                .map(setting -> setting.key().split("\\.")[0])
                .toList();
        List<String> names = new ArrayList<>();
        json.fieldNames().forEachRemaining(names::add);
        return top.containsAll(names);
    }

    private static final List<String> GOOD = List.of(
            "",
            "version: 1",
            "server:",
            "server: { port: 0, host: localhost, http2-cleartext: true, limits: { body: 4096, upload: 1GiB } }",
            "server: { cors: { origins: [\"*\"], headers: [x-a] }, timeouts: { drain: 500ms } }",
            "plugins: { dir: /a, verify: off, acme: { canary: 5% }, b.c_d: { pin: 1.2.3, canary: { share: 0.5% } } }",
            "providers: { groq: , lab: { plugin: groq, base-url: \"http://x/v1\", options: { a: [1, { b: null }] } } }",
            "providers: { groq: { keys: [{ env: A_B, weight: 3 }, { name: x, file: /k }], retries: { on: [429, 5xx] } } }",
            "models: { \"any text/even this\": { route: [groq/a, groq/b] }, w: { route: { groq/a: 80, groq/b: 20 } } }",
            "catalogue: { refresh: off }",
            "catalogue: { refresh: 10m }",
            "log: { level: debug, format: json }");

    private static final List<String> BAD = List.of(
            "version: 2",
            "colour: blue",
            "server: 3000",
            "server: { port: 65536 }",
            "server: { port: -1 }",
            "server: { port: many }",
            "server: { limits: { body: 12 } }",
            "server: { limits: { body: 12MB } }",
            "server: { timeouts: { drain: 10 } }",
            "server: { http2-cleartext: yes }",
            "server: { cors: { origins: a } }",
            "providers: [groq]",
            "providers: { Groq: { } }",
            "providers: { groq: { base-url: \"ftp://x\" } }",
            "providers: { groq: { base-url: \"https://u:p@x\" } }",
            "providers: { groq: { keys: [{ env: A, file: /b }] } }",
            "providers: { groq: { keys: [{ name: a }] } }",
            "providers: { groq: { keys: [{ value: sk-1 }] } }",
            "providers: { groq: { keys: [{ env: sk-1 }] } }",
            "providers: { groq: { key: sk-1 } }",
            "providers: { groq: { options: [1] } }",
            "plugins: { acme: { canary: much } }",
            "plugins: { acme: { pin: new } }",
            "models: { smart: { route: [] } }",
            "models: { smart: { rout: [groq/a] } }",
            "models: { smart: { route: { groq/a: 0 } } }",
            "catalogue: { refresh: never }",
            "log: { level: loud }");

    @Test
    @DisplayName("what the gateway reads, the schema takes")
    void good() {
        assertThat(GOOD).allSatisfy(yaml -> {
            assertThat(problems(yaml)).as("gateway: %s", yaml).isEmpty();
            assertThat(complaints(yaml)).as("schema: %s", yaml).isEmpty();
        });
    }

    @Test
    @DisplayName("what the gateway refuses, the schema refuses")
    void bad() {
        assertThat(BAD).allSatisfy(yaml -> {
            assertThat(problems(yaml)).as("gateway: %s", yaml).isNotEmpty();
            assertThat(complaints(yaml)).as("schema: %s", yaml).isNotEmpty();
        });
    }

    private List<String> problems(String yaml) {
        return new Configs(directory).file("gateway.yaml", yaml).problems();
    }

    private static List<String> complaints(String yaml) {
        Validator validator = Validator.create(
                JsonSchema.of(new JsonObject(schemaText())),
                new JsonSchemaOptions()
                        .setBaseUri("https://gateway.test")
                        .setDraft(Draft.DRAFT202012)
                        .setOutputFormat(OutputFormat.Basic));
        var result = validator.validate(Json.decodeValue(json(yaml).toString()));
        return Boolean.TRUE.equals(result.getValid())
                ? List.of()
                : result.getErrors().stream()
                        .map(error -> error.getInstanceLocation() + " " + error.getError())
                        .toList();
    }

    private static String schemaText() {
        try {
            return Files.readString(SCHEMA);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return a text as YAML 1.2 has it, as editors do: {@code off} and {@code yes} are words} */
    private static JsonNode json(String yaml) {
        List<Problem> problems = new ArrayList<>();
        JsonNode json = LocatedYaml.parse(yaml, Place.file("test"), problems)
                .map(Section::json)
                .orElseGet(JSON::createObjectNode);
        assertThat(problems).isEmpty();
        return Objects.requireNonNull(json);
    }

    private static Path docs() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("docs/configuration.md"))) {
                return folder.resolve("docs");
            }
        }
        throw new IllegalStateException("no docs/configuration.md in this or any parent folder");
    }
}
