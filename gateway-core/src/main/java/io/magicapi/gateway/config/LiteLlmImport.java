package io.magicapi.gateway.config;

import io.vertx.core.json.Json;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration of a LiteLLM proxy and writes ours.
 *
 * <p>An entry of {@code model_list} is a deployment: a provider's model, with a key and perhaps an address. Deployments that
 * differ in provider, key or address become providers of ours, since that is what has keys and addresses here; entries of
 * one {@code model_name} become the targets of one route, and fallbacks further targets. Whatever is not understood is a
 * finding, so that nothing is lost in silence.
 */
public final class LiteLlmImport {

    /**
     * What came of it.
     *
     * @param yaml our configuration, which is valid
     * @param findings what has no counterpart, in the order of the file
     */
    public record Imported(String yaml, List<Problem> findings) {

        public Imported {
            findings = List.copyOf(findings);
        }
    }

    /** LiteLLM's names of providers, and the ones they have here. */
    private static final Map<String, String> PROVIDERS = Map.ofEntries(
            Map.entry("openai", "openai"),
            Map.entry("text-completion-openai", "openai"),
            Map.entry("custom_openai", "openai-compatible"),
            Map.entry("openai_like", "openai-compatible"),
            Map.entry("azure", "azure"),
            Map.entry("anthropic", "anthropic"),
            Map.entry("groq", "groq"),
            Map.entry("bedrock", "bedrock"),
            Map.entry("gemini", "gemini"),
            Map.entry("mistral", "mistral"),
            Map.entry("deepseek", "deepseek"),
            Map.entry("together_ai", "together"),
            Map.entry("fireworks_ai", "fireworks"),
            Map.entry("openrouter", "openrouter"),
            Map.entry("xai", "xai"),
            Map.entry("cerebras", "cerebras"),
            Map.entry("sambanova", "sambanova"),
            Map.entry("perplexity", "perplexity"),
            Map.entry("cohere", "cohere"),
            Map.entry("cohere_chat", "cohere"),
            Map.entry("ollama", "ollama"),
            Map.entry("ollama_chat", "ollama"),
            Map.entry("hosted_vllm", "vllm"),
            Map.entry("lm_studio", "lm-studio"));

    private static final String COMPATIBLE = "openai-compatible";

    /** Ours that have no variable in which their key usually is. */
    private static final Set<String> WITHOUT_VARIABLE = Set.of(COMPATIBLE, "bedrock", "ollama", "vllm", "lm-studio");

    /** What comes closest to settings that have no counterpart. */
    private static final Map<String, String> CLOSEST = Map.ofEntries(
            Map.entry("allowed_fails", "see providers.<name>.breaker"),
            Map.entry("allowed_fails_policy", "see providers.<name>.breaker"),
            Map.entry("cooldown_time", "see providers.<name>.breaker.open"),
            Map.entry("retry_after", "see providers.<name>.retries.backoff"),
            Map.entry("retry_policy", "see providers.<name>.retries"),
            Map.entry(
                    "context_window_fallbacks",
                    "when a prompt is too long for a target, the next one of its route is asked"),
            Map.entry("drop_params", "see the options of the providers in docs/providers"),
            Map.entry("callbacks", "see observability"),
            Map.entry("success_callback", "see observability"),
            Map.entry("failure_callback", "see observability"));

    private static final String VARIABLE = "os.environ/";
    private static final Pattern VARIABLES = Pattern.compile(VARIABLE + "\\w+");
    private static final int MOST_ATTEMPTS = 10;
    private static final int MOST_WEIGHT = 999_999;

    /** A deployment's provider here: what of it has a key and an address of its own. */
    private record Upstream(String plugin, Optional<String> baseUrl, Optional<String> variable) {}

    private record Deployment(String target, int weight) {}

    /** What our configuration says of a provider. */
    private static final class Provider {
        private final Upstream is;
        private final String name;
        private Optional<String> total = Optional.empty();
        private Optional<String> inFlight = Optional.empty();

        Provider(Upstream is, String name) {
            this.is = is;
            this.name = name;
        }
    }

    private final String file;
    private final List<Problem> findings = new ArrayList<>();
    private final Map<Upstream, Provider> providers = new LinkedHashMap<>();
    private final Map<String, List<Deployment>> models = new LinkedHashMap<>();
    private final Map<String, List<String>> fallbacks = new LinkedHashMap<>();
    private final Map<String, String> aliases = new LinkedHashMap<>();
    private final List<String> lastResorts = new ArrayList<>();
    private final Map<String, String> literals = new LinkedHashMap<>();
    private final Set<String> variables = new HashSet<>();
    private Optional<Integer> attempts = Optional.empty();
    private Optional<String> total = Optional.empty();
    private String balance = "weighted";

    private LiteLlmImport(String file) {
        this.file = file;
    }

    /**
     * {@return what a file comes to}
     *
     * @param file its name, for findings
     * @throws ConfigException if it is no YAML, or no such configuration
     */
    public static Imported read(String file, byte[] content) {
        List<Problem> problems = new ArrayList<>();
        Optional<Located> root = LocatedYaml.parseFile(file, content, problems);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        if (!(root.orElse(null) instanceof Located.Mapping mapping)
                || !mapping.members().containsKey("model_list")) {
            throw new ConfigException(List.of(new Problem(
                    Problem.SHAPE,
                    Place.file(file),
                    "has no model_list, so it is no configuration of LiteLLM's proxy")));
        }
        LiteLlmImport reading = new LiteLlmImport(file);
        VARIABLES
                .matcher(new String(content, StandardCharsets.UTF_8))
                .results()
                .forEach(variable -> reading.variables.add(variableName(variable.group())));
        reading.root(mapping);
        String yaml = reading.yaml();
        reading.findings.sort(Comparator.comparingInt(finding -> {
            int line = finding.place().line();
            return line == 0 ? Integer.MAX_VALUE : line;
        }));
        return new Imported(yaml, reading.findings);
    }

    // ---- reading

    private void root(Located.Mapping root) {
        root.members().forEach((name, value) -> {
            switch (name) {
                case "model_list" -> items(name, value).forEach(this::entry);
                case "router_settings" -> members(name, value).forEach((key, item) -> routerSetting(name, key, item));
                case "litellm_settings" -> members(name, value).forEach((key, item) -> setting(name, key, item));
                case "general_settings" ->
                    members(name, value)
                            .forEach((key, item) -> finding(
                                    item,
                                    name + "." + key,
                                    key.equals("master_key")
                                            ? "callers' keys are not checked here yet; see auth.open and auth.passthrough"
                                            : "no counterpart"));
                case "environment_variables" ->
                    finding(value, name, "variables are set where the gateway is started, not in its configuration");
                default -> finding(value, name, "no counterpart");
            }
        });
    }

    private void entry(Located item) {
        Map<String, Located> entry = members("model_list", item);
        Map<String, Located> params = Optional.ofNullable(entry.get("litellm_params"))
                .map(value -> members("litellm_params", value))
                .orElse(Map.of());
        entry.forEach((key, value) -> {
            if (!key.equals("model_name") && !key.equals("litellm_params")) {
                finding(value, "model_list." + key, "no counterpart");
            }
        });
        Optional<String> name = text(entry.get("model_name"));
        Optional<String> model = text(params.get("model"));
        if (name.isEmpty() || model.isEmpty()) {
            finding(item, "model_list", "an entry without model_name or model is left out");
            return;
        }
        int slash = model.get().indexOf('/');
        String prefix = text(params.get("custom_llm_provider"))
                .orElseGet(() -> slash > 0 && PROVIDERS.containsKey(model.get().substring(0, slash))
                        ? model.get().substring(0, slash)
                        : slash > 0 && !params.containsKey("api_base")
                                ? model.get().substring(0, slash)
                                : "openai");
        String plugin = PROVIDERS.get(prefix);
        if (plugin == null) {
            finding(
                    item,
                    "model_list." + name.get(),
                    "no plugin here is known for LiteLLM's provider \"" + prefix + "\"; the entry is left out");
            return;
        }
        String rest = model.get().startsWith(prefix + "/") ? model.get().substring(prefix.length() + 1) : model.get();
        if (name.get().contains("*") || rest.contains("*")) {
            wildcard(item, name.get(), plugin, rest, params);
            return;
        }
        if (text(params.get("weight")).filter("0"::equals).isPresent()) {
            finding(item, "model_list." + name.get(), "its weight is 0, so it is never asked; the entry is left out");
            return;
        }
        Provider provider = provider(plugin, params);
        params.forEach((key, value) -> param(provider, key, value));
        models.computeIfAbsent(name.get(), first -> new ArrayList<>())
                .add(new Deployment(provider.name + "/" + rest, weight(params)));
    }

    private void wildcard(Located item, String name, String plugin, String rest, Map<String, Located> params) {
        boolean plain = rest.equals("*") && name.endsWith("/*");
        finding(
                item,
                "model_list." + name,
                plain
                        ? "needs no entry: any model of a provider is asked for as " + plugin + "/<model>"
                        : "patterns have no counterpart; name the models, or let callers ask for " + plugin
                                + "/<model>");
        if (plain) {
            provider(plugin, params);
        }
    }

    private Provider provider(String plugin, Map<String, Located> params) {
        Located written = params.containsKey("api_base") ? params.get("api_base") : params.get("base_url");
        Optional<String> base = text(written);
        if (written != null && base.filter(url -> url.startsWith(VARIABLE)).isPresent()) {
            finding(
                    written,
                    "litellm_params.api_base",
                    "addresses are written out here: replace the placeholder by the variable's value");
            base = Optional.of("http://127.0.0.1:1/replace-with-" + variableName(base.get()));
        }
        base = base.map(url -> url.replaceAll("/+$", ""));
        String kind = base.isPresent() && plugin.equals("openai") ? COMPATIBLE : plugin;
        Optional<String> variable = key(kind, params.get("api_key"));
        if (base.isEmpty() && variable.isEmpty() && !WITHOUT_VARIABLE.contains(kind)) {
            variable = Optional.of(usualVariable(kind));
        }
        Upstream is = new Upstream(kind, base, variable);
        return providers.computeIfAbsent(is, fresh -> new Provider(fresh, free(kind)));
    }

    private String free(String kind) {
        Set<String> taken = new HashSet<>();
        providers.values().forEach(provider -> taken.add(provider.name));
        String name = kind;
        for (int number = 2; taken.contains(name); number++) {
            name = kind + "-" + number;
        }
        return name;
    }

    private Optional<String> key(String plugin, @Nullable Located value) {
        Optional<String> written = text(value);
        if (written.isEmpty() || value == null) {
            return Optional.empty();
        }
        if (written.get().startsWith(VARIABLE)) {
            return Optional.of(variableName(written.get()));
        }
        String variable = literals.computeIfAbsent(plugin + " " + written.get(), first -> freeVariable(plugin));
        finding(
                value,
                "litellm_params.api_key",
                "a key is never written into the configuration: put it into a file or a variable. Here it is expected in "
                        + variable);
        return Optional.of(variable);
    }

    private static String usualVariable(String plugin) {
        return plugin.equals("azure")
                ? "AZURE_OPENAI_API_KEY"
                : plugin.toUpperCase(Locale.ROOT).replace('-', '_') + "_API_KEY";
    }

    /** {@return a variable for a key that was written out: the usual one, unless the file has another use for it} */
    private String freeVariable(String plugin) {
        String variable = usualVariable(plugin);
        for (int number = 2; !variables.add(variable); number++) {
            variable = usualVariable(plugin) + "_" + number;
        }
        return variable;
    }

    private static String variableName(String text) {
        return text.substring(VARIABLE.length()).toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]", "_");
    }

    private void param(Provider provider, String key, Located value) {
        String name = "litellm_params." + key;
        switch (key) {
            case "model", "api_key", "api_base", "base_url", "custom_llm_provider", "weight" -> {}
            case "rpm", "tpm" -> finding(value, name, "no counterpart as a limit; without a weight it is the share");
            case "timeout" -> provider.total = seconds(value);
            case "max_parallel_requests" -> provider.inFlight = text(value);
            case "max_retries" -> finding(value, name, "see providers.<name>.retries.attempts");
            case "stream_timeout" -> finding(value, name, "see providers.<name>.deadlines.first-byte and idle");
            case "aws_region_name", "api_version", "vertex_project", "vertex_location", "organization" ->
                finding(value, name, "see the options of provider " + provider.is.plugin());
            case "aws_access_key_id", "aws_secret_access_key", "aws_session_token" ->
                finding(value, name, "credentials come from variables; see the provider's documentation");
            default -> finding(value, name, "no counterpart");
        }
    }

    /** {@return a deployment's share, which LiteLLM takes from the first of these that it has} */
    private static int weight(Map<String, Located> params) {
        return Stream.of("weight", "rpm", "tpm")
                .flatMap(name -> text(params.get(name)).stream())
                .filter(text -> text.matches("[1-9]\\d{0,8}"))
                .mapToInt(text -> Math.min(MOST_WEIGHT, Integer.parseInt(text)))
                .findFirst()
                .orElse(1);
    }

    private void routerSetting(String section, String key, Located value) {
        switch (key) {
            case "routing_strategy" -> {
                String strategy = text(value).orElse("");
                if (strategy.equals("latency-based-routing")) {
                    balance = "fastest";
                } else if (!strategy.equals("simple-shuffle")) {
                    finding(
                            value,
                            section + "." + key,
                            strategy + " has no counterpart; targets are chosen by their shares");
                }
            }
            case "model_group_alias" ->
                members(key, value)
                        .forEach((alias, model) -> text(model)
                                .ifPresentOrElse(
                                        name -> aliases.put(alias, name),
                                        () -> finding(
                                                model, section + "." + key, "hidden aliases have no counterpart")));
            default -> setting(section, key, value);
        }
    }

    /** What may stand in {@code router_settings}, which win, and in {@code litellm_settings}. */
    private void setting(String section, String key, Located value) {
        boolean wins = section.equals("router_settings");
        switch (key) {
            case "num_retries" -> {
                Optional<Integer> written = text(value)
                        .filter(text -> text.matches("\\d{1,3}"))
                        .map(text -> Math.min(MOST_ATTEMPTS, Integer.parseInt(text) + 1));
                attempts = wins ? written.or(() -> attempts) : attempts.or(() -> written);
            }
            case "timeout", "request_timeout" -> {
                Optional<String> written = seconds(value);
                total = wins ? written.or(() -> total) : total.or(() -> written);
            }
            case "fallbacks" ->
                items(key, value)
                        .forEach(item -> members(key, item)
                                .forEach((model, others) -> items(key, others)
                                        .forEach(other -> text(other)
                                                .ifPresent(name -> fallbacks
                                                        .computeIfAbsent(model, first -> new ArrayList<>())
                                                        .add(name)))));
            case "default_fallbacks" ->
                items(key, value).forEach(item -> text(item).ifPresent(lastResorts::add));
            default -> finding(value, section + "." + key, CLOSEST.getOrDefault(key, "no counterpart"));
        }
    }

    private Optional<String> seconds(Located value) {
        return text(value)
                .filter(text -> text.matches("\\d{1,5}(\\.\\d{1,3})?"))
                .map(text -> new BigDecimal(text).movePointRight(3).intValue())
                .filter(millis -> millis > 0 && millis <= 86_400_000)
                .map(millis -> millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms");
    }

    // ---- writing

    private String yaml() {
        unknownFallbacks();
        List<String> lines = new ArrayList<>();
        lines.add("version: 1");
        if (!providers.isEmpty()) {
            lines.add("providers:");
            providers.values().forEach(provider -> lines.addAll(lines(provider)));
        }
        Map<String, List<String>> routes = routes();
        if (!routes.isEmpty()) {
            lines.add("models:");
            routes.forEach((name, keys) -> {
                lines.add("  " + quoted(name) + ":");
                keys.forEach(key -> lines.add("    " + key));
            });
        }
        return String.join("\n", lines) + "\n";
    }

    private void unknownFallbacks() {
        Set<String> all = new LinkedHashSet<>(fallbacks.keySet());
        fallbacks.values().forEach(all::addAll);
        all.addAll(lastResorts);
        all.addAll(aliases.values());
        all.removeAll(models.keySet());
        all.forEach(name -> findings.add(new Problem(
                Problem.NO_COUNTERPART,
                Place.file(file),
                "fallbacks: \"" + name + "\" is no model_name of an entry that was taken over")));
    }

    private List<String> lines(Provider provider) {
        List<String> lines = new ArrayList<>();
        if (!provider.name.equals(provider.is.plugin())) {
            lines.add("    plugin: " + provider.is.plugin());
        }
        provider.is.baseUrl().ifPresent(url -> lines.add("    base-url: " + quoted(url)));
        provider.is.variable().ifPresent(variable -> lines.add("    keys: [{ env: " + variable + " }]"));
        provider.total.or(() -> total).ifPresent(time -> lines.add("    deadlines: { total: " + time + " }"));
        attempts.ifPresent(count -> lines.add("    retries: { attempts: " + count + " }"));
        provider.inFlight
                .filter(count -> count.matches("[1-9]\\d{0,4}"))
                .ifPresent(count -> lines.add("    limits: { in-flight: " + count + " }"));
        lines.add(0, "  " + provider.name + (lines.isEmpty() ? ": {}" : ":"));
        return lines;
    }

    private Map<String, List<String>> routes() {
        Map<String, List<String>> routes = new LinkedHashMap<>();
        models.forEach((name, deployments) -> {
            List<String> further = further(name);
            if (further.isEmpty()) {
                routes.put(name, route(deployments));
            } else if (targets(deployments).size() == 1) {
                routes.put(name, list(targets(deployments).keySet().iterator().next(), further));
            } else {
                routes.put(first(name), route(deployments));
                routes.put(name, list(first(name), further));
            }
        });
        aliases.forEach((alias, model) -> {
            if (models.containsKey(model)) {
                routes.putIfAbsent(alias, List.of("route: [" + quoted(model) + "]"));
            }
        });
        return routes;
    }

    private List<String> route(List<Deployment> deployments) {
        Map<String, Integer> targets = targets(deployments);
        if (targets.size() == 1) {
            return List.of("route: [" + quoted(targets.keySet().iterator().next()) + "]");
        }
        if (balance.equals("fastest")) {
            return List.of(
                    "route: ["
                            + String.join(
                                    ", ",
                                    targets.keySet().stream()
                                            .map(LiteLlmImport::quoted)
                                            .toList()) + "]",
                    "balance: fastest");
        }
        List<String> lines = new ArrayList<>(List.of("route:"));
        targets.forEach((target, weight) -> lines.add("  " + quoted(target) + ": " + weight));
        return lines;
    }

    private static Map<String, Integer> targets(List<Deployment> deployments) {
        Map<String, Integer> targets = new LinkedHashMap<>();
        deployments.forEach(deployment -> targets.merge(
                deployment.target(), deployment.weight(), (one, other) -> Math.min(MOST_WEIGHT, one + other)));
        return targets;
    }

    private static List<String> list(String first, List<String> further) {
        List<String> all = new ArrayList<>(List.of(quoted(first)));
        further.forEach(target -> all.add(quoted(target)));
        return List.of("route: [" + String.join(", ", all) + "]");
    }

    /** {@return what is asked when a model's own targets fail, as names for a route; none leads back} */
    private List<String> further(String name) {
        Set<String> all = new LinkedHashSet<>(fallbacks.getOrDefault(name, List.of()));
        all.addAll(lastResorts);
        all.remove(name);
        return all.stream().filter(models::containsKey).map(this::own).toList();
    }

    /** {@return a name for the targets that a model has without its fallbacks} */
    private String own(String name) {
        Map<String, Integer> targets = targets(models.getOrDefault(name, List.of()));
        if (targets.size() == 1) {
            return targets.keySet().iterator().next();
        }
        return fallsBack(name) ? first(name) : name;
    }

    private boolean fallsBack(String name) {
        return fallbacks.getOrDefault(name, List.of()).stream().anyMatch(models::containsKey)
                || lastResorts.stream().anyMatch(other -> !other.equals(name) && models.containsKey(other));
    }

    private static String first(String name) {
        return name + " first";
    }

    private static String quoted(String text) {
        return text.matches("[A-Za-z][A-Za-z0-9_./-]*") && !text.matches("(?i)true|false|yes|no|on|off|y|n|null")
                ? text
                : Json.encode(text);
    }

    // ---- parts of the file

    private void finding(Located at, String what, String why) {
        findings.add(new Problem(Problem.NO_COUNTERPART, at.key(), what + ": " + why));
    }

    private Map<String, Located> members(String name, Located value) {
        if (value instanceof Located.Mapping mapping) {
            return mapping.members();
        }
        finding(value, name, "is not as LiteLLM has it, and is left out");
        return Map.of();
    }

    private List<Located> items(String name, Located value) {
        if (value instanceof Located.Items items) {
            return items.items();
        }
        if (!(value instanceof Located.Mapping mapping && mapping.empty())) {
            finding(value, name, "is not as LiteLLM has it, and is left out");
        }
        return List.of();
    }

    private static Optional<String> text(@Nullable Located value) {
        return value instanceof Located.Scalar scalar && !scalar.text().isBlank()
                ? Optional.of(scalar.text())
                : Optional.empty();
    }
}
