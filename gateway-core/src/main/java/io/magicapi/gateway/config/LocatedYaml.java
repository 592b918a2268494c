package io.magicapi.gateway.config;

import io.vertx.config.spi.ConfigProcessor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.UnicodeReader;

/**
 * The vertx-config format {@code located-yaml}: YAML whose values keep their place and their spelling.
 *
 * <p>vertx-config's own {@code yaml} format answers {@code yes} with true and {@code 010} with 8, takes the last of two
 * equal keys, and forgets lines. This one stops at SnakeYAML's node tree, before any of that happens, and hands on
 * {@link Located} values. Files are therefore read once, by vertx-config, and merged by it.
 *
 * <p>Syntax errors do not fail the store, because vertx-config reports only one failed store; they travel in the result
 * under {@link Located#PROBLEMS}, so that the operator sees the problems of all files at once.
 */
public final class LocatedYaml implements ConfigProcessor {

    /** The name of this format in {@code ConfigStoreOptions.setFormat}. */
    static final String FORMAT = "located-yaml";

    /** The store's setting that holds the file's name as problems show it. */
    static final String SHOWN = "shown";

    /** A file of 100,000 models has some 300,000; aliases of aliases could blow up to far more. */
    private static final int MAX_VALUES = 1_000_000;

    /** SnakeYAML's own limit is below what such a file has. */
    private static final int MAX_CHARACTERS = 64 * 1024 * 1024;

    /** For vertx-config, which finds this class through {@code META-INF/services}. */
    public LocatedYaml() {}

    @Override
    public String name() {
        return FORMAT;
    }

    @Override
    public Future<JsonObject> process(Vertx vertx, JsonObject configuration, Buffer input) {
        return vertx.executeBlocking(
                () -> read(configuration.getString(SHOWN), new ByteArrayInputStream(input.getBytes())));
    }

    private static JsonObject read(String source, InputStream input) {
        Parsing parsing = new Parsing(source, true);
        JsonObject result = parsing.document(input)
                .map(root -> {
                    if (root instanceof Located.Mapping mapping) {
                        return mapping.toJson();
                    }
                    parsing.problem(Problem.SHAPE, root.at(), "the file must hold keys, such as \"server:\"");
                    return new JsonObject();
                })
                .orElseGet(JsonObject::new);
        if (!parsing.problems.isEmpty()) {
            JsonArray problems = new JsonArray();
            for (Problem problem : parsing.problems) {
                Place place = problem.place();
                problems.add(new JsonArray()
                        .add(problem.code())
                        .add(place.line())
                        .add(place.column())
                        .add(problem.message()));
            }
            result.put(Located.PROBLEMS, new JsonObject().put(source, problems));
        }
        return result;
    }

    /** {@return the problems that {@link #process} found in the files of a merged result} */
    static List<Problem> problems(JsonObject merged) {
        List<Problem> problems = new ArrayList<>();
        JsonObject bySource = merged.getJsonObject(Located.PROBLEMS, new JsonObject());
        for (String source : bySource.fieldNames()) {
            JsonArray entries = bySource.getJsonArray(source);
            for (int i = 0; i < entries.size(); i++) {
                JsonArray entry = entries.getJsonArray(i);
                Place place = new Place(source, entry.getInteger(1), entry.getInteger(2));
                problems.add(new Problem(entry.getString(0), place, entry.getString(3)));
            }
        }
        return problems;
    }

    /**
     * {@return the value that one line of YAML stands for, such as that of a variable; empty if it stands for nothing}
     *
     * @param place where the line is
     * @param problems receives what is wrong with it
     */
    static Optional<Located> parse(String text, Place place, List<Problem> problems) {
        Parsing parsing = new Parsing(place.source(), false);
        Optional<Located> value = parsing.document(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        problems.addAll(parsing.problems);
        return value;
    }

    /** {@return the value that a file stands for, with its lines; empty if it stands for nothing} */
    static Optional<Located> parseFile(String source, byte[] content, List<Problem> problems) {
        Parsing parsing = new Parsing(source, true);
        Optional<Located> value = parsing.document(new ByteArrayInputStream(content));
        problems.addAll(parsing.problems);
        return value;
    }

    /** One reading of one document. */
    private static final class Parsing {

        private final String source;
        private final boolean lines;
        private final List<Problem> problems = new ArrayList<>();
        private final List<Node> ancestors = new ArrayList<>();
        private int values;

        Parsing(String source, boolean lines) {
            this.source = source;
            this.lines = lines;
        }

        Optional<Located> document(InputStream input) {
            try {
                LoaderOptions options = new LoaderOptions();
                options.setCodePointLimit(MAX_CHARACTERS);
                Node root = new Yaml(options).compose(new UnicodeReader(input));
                return root == null ? Optional.empty() : Optional.of(located(place(root.getStartMark()), root));
            } catch (MarkedYAMLException e) {
                // The exception's own message quotes the line, which may hold a secret; the problem alone does not.
                String context = e.getContext() == null ? "" : e.getContext() + ", ";
                String problem = e.getProblem() == null ? "it cannot be read" : e.getProblem();
                Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
                problem(Problem.SYNTAX, place(mark), "is not valid YAML: " + context + problem.strip());
            } catch (YAMLException e) {
                problem(Problem.SYNTAX, Place.file(source), "is not a YAML file in UTF-8");
            } catch (TooLarge e) {
                problem(Problem.SYNTAX, Place.file(source), "holds more than " + MAX_VALUES + " values");
            }
            return Optional.empty();
        }

        private Located located(Place key, Node node) {
            if (++values > MAX_VALUES) {
                throw new TooLarge();
            }
            Place at = place(node.getStartMark());
            if (!node.getTag().getValue().startsWith(Tag.PREFIX)) {
                problem(Problem.SYNTAX, at, "the tag " + node.getTag().getValue() + " has no meaning here");
            }
            if (ancestors.contains(node)) {
                problem(Problem.SYNTAX, at, "an alias refers to the value that contains it");
                return new Located.Mapping(key, Map.of(), true);
            }
            ancestors.add(node);
            try {
                if (node instanceof MappingNode mapping) {
                    return new Located.Mapping(key, members(mapping), false);
                }
                if (node instanceof SequenceNode sequence) {
                    List<Located> items = new ArrayList<>();
                    sequence.getValue().forEach(item -> items.add(located(place(item.getStartMark()), item)));
                    return new Located.Items(key, at, items);
                }
                ScalarNode scalar = (ScalarNode) node;
                return scalar.getTag().equals(Tag.NULL)
                        ? new Located.Mapping(key, Map.of(), true)
                        : new Located.Scalar(
                                key,
                                at,
                                scalar.getValue(),
                                scalar.isPlain() && !scalar.getTag().equals(Tag.STR));
            } finally {
                ancestors.remove(ancestors.size() - 1);
            }
        }

        private Map<String, Located> members(MappingNode mapping) {
            Map<String, Located> members = new LinkedHashMap<>();
            for (NodeTuple tuple : mapping.getValue()) {
                Place key = place(tuple.getKeyNode().getStartMark());
                if (!(tuple.getKeyNode() instanceof ScalarNode name)
                        || name.getValue().isBlank()
                        || name.getValue().charAt(0) == '\0') {
                    problem(Problem.SHAPE, key, "a key must be a name");
                } else if (name.getTag().equals(Tag.MERGE)) {
                    problem(Problem.SYNTAX, key, "merge keys (<<) are not supported; write the keys out");
                } else {
                    Located previous = members.get(name.getValue());
                    if (previous != null) {
                        problem(
                                Problem.DUPLICATE_KEY,
                                key,
                                "the key \"" + name.getValue() + "\" is there already, in line "
                                        + previous.key().line());
                    }
                    members.put(name.getValue(), located(key, tuple.getValueNode()));
                }
            }
            return members;
        }

        private Place place(Mark mark) {
            return lines ? new Place(source, mark.getLine() + 1, mark.getColumn() + 1) : new Place(source, 0, 0);
        }

        private void problem(String code, Place place, String message) {
            problems.add(new Problem(code, place, message));
        }
    }

    private static final class TooLarge extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
