package io.magicapi.gateway.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A mapping of the configuration while it is read. Who asks it for a key says the key's type and default, and thereby
 * makes the key known: whatever was not asked for when {@link #end} is called is an unknown key. Nothing throws;
 * problems are collected, and the default stands in.
 */
final class Section {

    /** What a reading gathers besides the values. */
    static final class Reading {
        private final List<Problem> problems = new ArrayList<>();
        private final List<Setting> settings = new ArrayList<>();
        private final boolean describing;

        /** @param describing whether to ask for the keys of one imagined entry of each open-ended mapping and list */
        Reading(boolean describing) {
            this.describing = describing;
        }

        List<Problem> problems() {
            return problems;
        }

        List<Setting> settings() {
            return settings;
        }

        void problem(String code, Place place, String message) {
            problems.add(new Problem(code, place, message));
        }
    }

    /** The name of the imagined entry of an open-ended mapping. */
    static final String ANY_NAME = "<name>";

    /** A plain scalar that is a number in JSON is one in free-form options; {@code 010} and {@code 1_000} are not. */
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");

    private static final Set<String> KEY_ITSELF =
            Set.of("key", "value", "secret", "token", "api-key", "apikey", "api_key", "apiKey", "password");

    private final String path;
    private final Map<String, Located> members;
    private final Place place;
    private final Reading reading;
    private final Set<String> known = new LinkedHashSet<>();
    private boolean mapping = true;

    Section(String path, Place place, Map<String, Located> members, Reading reading) {
        this.path = path;
        this.place = place;
        this.members = members;
        this.reading = reading;
    }

    /** {@return the full name of one of this section's keys} */
    String key(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** {@return where the mapping begins} */
    Place place() {
        return place;
    }

    /** {@return the name of the mapping itself, for messages; empty at the top} */
    String path() {
        return path;
    }

    Reading reading() {
        return reading;
    }

    /**
     * Asks for a single value.
     *
     * @param type what it takes, for people
     * @param parse the value of a text, or an {@link IllegalArgumentException} whose message goes on from the key's
     *     name: {@code must be …}
     * @param show the reverse of {@code parse}
     */
    <T> T value(String name, String type, T fallback, Function<String, T> parse, Function<T, JsonNode> show) {
        T value = ask(name).flatMap(located -> scalar(name, located, parse)).orElse(fallback);
        record(name, type, show.apply(value));
        return value;
    }

    /** Asks for a single value that has no default. */
    <T> Optional<T> optional(String name, String type, Function<String, T> parse, Function<T, JsonNode> show) {
        Optional<T> value = ask(name).flatMap(located -> scalar(name, located, parse));
        record(name, type, value.map(show).orElse(NullNode.getInstance()));
        return value;
    }

    boolean flag(String name, boolean fallback) {
        return value(
                name,
                "true or false",
                fallback,
                text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new IllegalArgumentException("must be true or false");
                },
                BooleanNode::valueOf);
    }

    int number(String name, int least, int most, int fallback) {
        String type = "number, " + least + " to " + most;
        return value(
                name,
                type,
                fallback,
                text -> {
                    if (!text.matches("0|[1-9]\\d{0,8}")
                            || Integer.parseInt(text) < least
                            || Integer.parseInt(text) > most) {
                        throw new IllegalArgumentException("must be a whole number from " + least + " to " + most);
                    }
                    return Integer.parseInt(text);
                },
                IntNode::valueOf);
    }

    /** Asks for one of some words. */
    String choice(String name, List<String> words, String fallback) {
        return value(
                name,
                "one of: " + String.join(", ", words),
                fallback,
                text -> {
                    if (!words.contains(text)) {
                        throw new IllegalArgumentException("must be one of " + String.join(", ", words));
                    }
                    return text;
                },
                TextNode::valueOf);
    }

    /**
     * Asks for a list of texts.
     *
     * @param parse as in {@link #value}, for each of them
     */
    List<String> texts(String name, List<String> fallback, Function<String, String> parse) {
        return texts(name, fallback, parse, Function.identity());
    }

    /**
     * Asks for a list of texts that stand for something.
     *
     * @param parse as in {@link #value}, for each of them
     * @param show the reverse
     */
    <T> List<T> texts(String name, List<T> fallback, Function<String, T> parse, Function<T, String> show) {
        List<T> values = ask(name)
                .map(located -> {
                    List<T> parsed = new ArrayList<>();
                    for (Located item : items(name, located)) {
                        scalar(name, item, parse).ifPresent(parsed::add);
                    }
                    return parsed;
                })
                .orElse(fallback);
        ArrayNode shown = JsonNodeFactory.instance.arrayNode();
        values.forEach(value -> shown.add(show.apply(value)));
        record(name, "list of texts", shown);
        return values;
    }

    /** {@return whether the section holds keys, as it must; if not, that is told, and all else follows from it} */
    boolean isMapping() {
        return mapping;
    }

    /** {@return whether a key is written with keys of its own} */
    boolean isMapping(String name) {
        return members.get(name) instanceof Located.Mapping;
    }

    /**
     * Asks for texts that each have a weight: a list, in which each weighs 1, or a mapping from texts to weights.
     *
     * @param parse the value of a text and its weight, or an exception as in {@link #value}
     */
    <T> List<T> weights(String name, String type, BiFunction<String, Integer, T> parse) {
        List<T> values = new ArrayList<>();
        ObjectNode shares = JsonNodeFactory.instance.objectNode();
        ArrayNode texts = JsonNodeFactory.instance.arrayNode();
        ask(name).ifPresent(located -> {
            if (located instanceof Located.Mapping mapping) {
                mapping.members()
                        .forEach((text, weight) -> scalar(name, weight, Section::weight)
                                .flatMap(share -> scalar(
                                        name,
                                        new Located.Scalar(weight.key(), weight.key(), text, false),
                                        key -> parse.apply(key, share)))
                                .ifPresent(value -> {
                                    values.add(value);
                                    shares.set(text, json(weight));
                                }));
            } else {
                for (Located item : items(name, located)) {
                    scalar(name, item, text -> parse.apply(text, 1)).ifPresent(value -> {
                        values.add(value);
                        texts.add(json(item));
                    });
                }
            }
        });
        record(name, type, isMapping(name) ? shares : texts);
        return values;
    }

    private static int weight(String text) {
        if (!text.matches("[1-9]\\d{0,5}")) {
            throw new IllegalArgumentException("must hold weights, whole numbers from 1 to 999999");
        }
        return Integer.parseInt(text);
    }

    /** Asks for free-form content, whose keys nobody here knows. */
    JsonNode object(String name) {
        JsonNode value = ask(name)
                .map(located -> {
                    if (located instanceof Located.Mapping) {
                        return json(located);
                    }
                    reading.problem(
                            Problem.SHAPE, located.at(), key(name) + " must hold keys, not a single value or list");
                    return null;
                })
                .orElseGet(JsonNodeFactory.instance::objectNode);
        record(name, "free form", value);
        return value;
    }

    /** Asks for a section. */
    <T> T section(String name, Function<Section, T> read) {
        Map<String, Located> inner =
                ask(name).map(located -> mapping(key(name), located)).orElse(Map.of());
        return section(name, ask(name).map(Located::key).orElse(place), inner, read);
    }

    /**
     * Asks for a section that may be written as the value of one of its keys.
     *
     * @param shorthand which one
     */
    <T> T section(String name, String shorthand, Function<Section, T> read) {
        return members.get(name) instanceof Located.Scalar value
                ? section(name, value.key(), Map.of(shorthand, value), read)
                : section(name, read);
    }

    private <T> T section(String name, Place begin, Map<String, Located> inner, Function<Section, T> read) {
        known.add(name);
        Section section = new Section(key(name), begin, inner, reading);
        T value = read.apply(section);
        section.end();
        return value;
    }

    /**
     * Asks for all sections whose names were not asked for before: names that the operator chooses. A single value or a
     * list of such a name stays unknown.
     */
    <T> Map<String, T> others(BiFunction<String, Section, T> read) {
        Map<String, Located> inner = new LinkedHashMap<>();
        members.forEach((name, located) -> {
            if (!known.contains(name) && located instanceof Located.Mapping) {
                inner.put(name, located);
            }
        });
        if (reading.describing) {
            inner.put(ANY_NAME, new Located.Mapping(Place.file(""), Map.of(), true));
        }
        Map<String, T> values = new LinkedHashMap<>();
        inner.forEach((name, located) -> values.put(
                name, section(name, located.key(), mapping(key(name), located), section -> read.apply(name, section))));
        return values;
    }

    /** Asks for a section whose keys are names that the operator chooses. */
    <T> Map<String, T> entries(String name, BiFunction<String, Section, T> read) {
        Map<String, Located> inner =
                ask(name).map(located -> mapping(key(name), located)).orElse(Map.of());
        if (reading.describing) {
            inner = Map.of(ANY_NAME, new Located.Mapping(Place.file(""), Map.of(), true));
        }
        Map<String, T> values = new LinkedHashMap<>();
        inner.forEach((entry, located) -> {
            String entryPath = key(name) + "." + entry;
            Section section = new Section(entryPath, located.key(), mapping(entryPath, located), reading);
            section.mapping = located instanceof Located.Mapping;
            values.put(entry, read.apply(entry, section));
            section.end();
        });
        return values;
    }

    /**
     * Asks for a list of sections.
     *
     * @param type what it takes, for people
     * @param read the value of an item, after calling {@link #end}; empty if it has a problem
     * @param show the reverse
     */
    <T> List<T> list(String name, String type, Function<Section, Optional<T>> read, Function<T, JsonNode> show) {
        List<T> values = new ArrayList<>();
        ask(name).ifPresent(located -> {
            int number = 0;
            for (Located item : items(name, located)) {
                String itemPath = key(name) + "[" + number++ + "]";
                if (item instanceof Located.Mapping mapping) {
                    // Settings are recorded for the list as a whole.
                    Reading own = new Reading(false);
                    Section section = new Section(itemPath, mapping.key(), mapping.members(), own);
                    read.apply(section).ifPresent(values::add);
                    reading.problems.addAll(own.problems);
                } else {
                    // The item may be a key itself, so it is not quoted.
                    reading.problem(Problem.SHAPE, item.at(), itemPath + " must hold keys, such as \"env: NAME\"");
                }
            }
        });
        ArrayNode shown = JsonNodeFactory.instance.arrayNode();
        values.forEach(value -> shown.add(show.apply(value)));
        record(name, type, shown);
        if (reading.describing) {
            // Only for what it asks for.
            Optional<T> unused = read.apply(new Section(key(name) + "[]", place, Map.of(), reading));
        }
        return values;
    }

    /** Reports every key that nobody asked for. */
    void end() {
        members.forEach((name, located) -> {
            if (known.contains(name)) {
                return;
            }
            if (KEY_ITSELF.contains(name) && (known.contains("env") || known.contains("keys"))) {
                reading.problem(
                        Problem.KEY_SOURCE,
                        located.key(),
                        "\"" + name + "\" in " + path + ": a key is never written into the configuration. "
                                + (known.contains("keys")
                                        ? "Write keys: [{ env: NAME }] or keys: [{ file: PATH }]"
                                        : "Write env: NAME or file: PATH instead"));
                return;
            }
            String where = path.isEmpty() ? "" : " in " + path;
            String remedy = NearestName.of(name, known)
                    .map(nearest -> "Did you mean \"" + nearest + "\"?")
                    .orElse("There is: " + String.join(", ", known));
            reading.problem(Problem.UNKNOWN_KEY, located.key(), "unknown key \"" + name + "\"" + where + ". " + remedy);
        });
    }

    private Optional<Located> ask(String name) {
        known.add(name);
        return Optional.ofNullable(members.get(name))
                .filter(located -> !(located instanceof Located.Mapping mapping
                        && mapping.empty()
                        && mapping.members().isEmpty()));
    }

    private void record(String name, String type, JsonNode value) {
        reading.settings.add(new Setting(key(name), type, value, ask(name).map(Located::at)));
    }

    private <T> Optional<T> scalar(String name, Located located, Function<String, T> parse) {
        if (!(located instanceof Located.Scalar scalar)) {
            reading.problem(Problem.SHAPE, located.at(), key(name) + " must be a single value");
            return Optional.empty();
        }
        try {
            return Optional.of(parse.apply(scalar.text()));
        } catch (Refusal refusal) {
            reading.problem(refusal.code, scalar.at(), key(name) + " " + refusal.getMessage());
        } catch (IllegalArgumentException e) {
            reading.problem(
                    Problem.VALUE, scalar.at(), key(name) + " " + e.getMessage() + ", not " + quoted(scalar.text()));
        }
        return Optional.empty();
    }

    /** What a parser throws when the value must not be quoted. */
    static final class Refusal extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;
        private final String code;

        Refusal(String code, String message) {
            super(message);
            this.code = code;
        }
    }

    private static String quoted(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return "\"" + (line.length() > 60 ? line.substring(0, 60) + "…" : line) + "\"";
    }

    private List<Located> items(String name, Located located) {
        if (located instanceof Located.Items items) {
            return items.items();
        }
        reading.problem(Problem.SHAPE, located.at(), key(name) + " must be a list, such as [ … ]");
        return List.of();
    }

    private Map<String, Located> mapping(String fullName, Located located) {
        if (located instanceof Located.Mapping mapping) {
            return mapping.members();
        }
        reading.problem(Problem.SHAPE, located.at(), fullName + " must hold keys, not a single value or list");
        return Map.of();
    }

    /** {@return a value as JSON: what is plain and looks like a number, true, false or nothing is that} */
    static @Nullable JsonNode json(Located located) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (located instanceof Located.Mapping mapping) {
            if (mapping.empty() && mapping.members().isEmpty()) {
                return nodes.nullNode();
            }
            ObjectNode object = nodes.objectNode();
            mapping.members().forEach((name, member) -> object.set(name, json(member)));
            return object;
        }
        if (located instanceof Located.Items items) {
            ArrayNode array = nodes.arrayNode();
            items.items().forEach(item -> array.add(json(item)));
            return array;
        }
        Located.Scalar scalar = (Located.Scalar) located;
        String text = scalar.text();
        if (scalar.plain() && (text.equals("true") || text.equals("false"))) {
            return nodes.booleanNode(text.equals("true"));
        }
        if (scalar.plain() && NUMBER.matcher(text).matches()) {
            boolean whole = text.matches("-?\\d{1,18}");
            return whole ? nodes.numberNode(Long.parseLong(text)) : nodes.numberNode(new BigDecimal(text));
        }
        return nodes.textNode(text);
    }
}
