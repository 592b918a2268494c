package io.magicapi.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reference in docs, the keys that are read and the records that hold them say the same. */
class ConfigurationDocTest {

    private static final Pattern ROW =
            Pattern.compile("^\\| `([a-z0-9.<>\\[\\]-]+)` \\| ([^|]+) \\| ([^|]+) \\|([^|]*)\\|.*$", Pattern.MULTILINE);

    /** What an item of a list of texts becomes. */
    private static final Set<Class<?>> TEXTS =
            Set.of(String.class, TrustedKey.class, StatusRange.class, GatewayConfig.RouteTarget.class);

    @TempDir
    Path directory;

    @Test
    @DisplayName("the reference lists every key with its type, default and variable, and no other")
    void keys() throws IOException {
        Map<String, List<String>> documented = new LinkedHashMap<>();
        Matcher row = ROW.matcher(doc());
        while (row.find()) {
            documented.put(
                    row.group(1),
                    List.of(row.group(2), row.group(3), row.group(4).strip()));
        }

        Map<String, List<String>> read = new LinkedHashMap<>();
        for (Setting setting : ConfigLoader.keys()) {
            String value = setting.value().isNull()
                    ? "none"
                    : setting.value().isTextual()
                            ? setting.value().textValue()
                            : setting.value().toString();
            boolean settable = setting.hasVariable();
            String variable = settable ? "`" + Setting.variable(setting.key()).replace("<NAME>", "<name>") + "`" : "";
            read.put(setting.key(), List.of(setting.type(), value, variable));
        }
        assertThat(documented).containsExactlyInAnyOrderEntriesOf(read);
    }

    @Test
    @DisplayName("every field of the records is a key, and every key a field")
    void fields() {
        List<String> fields = new ArrayList<>();
        fields(GatewayConfig.class, "", fields);

        assertThat(ConfigLoader.keys().stream().map(Setting::key))
                .filteredOn(key -> !key.equals("version") && !key.equals("providers.<name>.keys"))
                .containsExactlyInAnyOrderElementsOf(fields);
    }

    @Test
    @DisplayName("every YAML example of the reference is valid")
    void examples() throws IOException {
        Matcher example = Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL).matcher(doc());
        int count = 0;
        while (example.find()) {
            count++;
            assertThat(new Configs(directory)
                            .file("gateway.yaml", example.group(1))
                            .problems())
                    .as(example.group(1))
                    .isEmpty();
        }
        assertThat(count).isPositive();
    }

    @Test
    @DisplayName("every code is explained")
    void codes() throws Exception {
        String doc = doc();
        for (Field constant : Problem.class.getDeclaredFields()) {
            if (Modifier.isStatic(constant.getModifiers()) && constant.getType() == String.class) {
                assertThat(doc).contains("| " + constant.get(null) + " |");
            }
        }
    }

    private static void fields(Class<?> type, String path, List<String> into) {
        for (RecordComponent component : type.getRecordComponents()) {
            String key = path + component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
            Type generic = component.getGenericType();
            Class<?> raw = component.getType();
            if (raw == Map.class) {
                fields((Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[1], key + ".<name>.", into);
            } else if (raw == List.class
                    && !TEXTS.contains(((ParameterizedType) generic).getActualTypeArguments()[0])) {
                fields((Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0], key + "[].", into);
            } else if (raw.isRecord() && raw != DataSize.class && raw != Percent.class) {
                fields(raw, key + ".", into);
            } else {
                into.add(key.replace("plugins.each.", "plugins.")); // plugins' ids stand beside the other keys
            }
        }
    }

    private static String doc() throws IOException {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path doc = folder.resolve("docs/configuration.md");
            if (Files.exists(doc)) {
                return Files.readString(doc);
            }
        }
        throw new IllegalStateException("no docs/configuration.md in this or any parent folder");
    }
}
