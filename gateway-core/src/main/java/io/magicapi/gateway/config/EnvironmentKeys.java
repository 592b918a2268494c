package io.magicapi.gateway.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Configuration from environment variables and flags, as the same kind of tree that files give.
 *
 * <p>{@code GATEWAY_PROVIDERS_MY_LAB_DEADLINES_FIRST_BYTE} has lost the difference between dots and dashes. It is found
 * again from the known keys: the longest one that the variable ends with ({@code deadlines.first-byte}) wins, and what
 * is left is the provider's name, which cannot contain an underscore.
 */
final class EnvironmentKeys {

    private static final String PREFIX = "GATEWAY_";
    private static final String PROVIDERS = "GATEWAY_PROVIDERS_";

    /** Variables that are about the gateway and not keys of its configuration. */
    private static final List<String> OTHER =
            List.of("GATEWAY_CONFIG", "GATEWAY_VERSION", "GATEWAY_HOME", "GATEWAY_JAR", "GATEWAY_ADMIN_KEY");

    /** What Kubernetes gives to all pods of a namespace that has a service called "gateway". */
    private static final Pattern KUBERNETES =
            Pattern.compile("GATEWAY_(SERVICE_(HOST|PORT(_.*)?)|PORT|PORT_\\d+_(TCP|UDP|SCTP)(_.*)?)");

    private final List<Setting> known =
            ConfigReader.describe().stream().filter(Setting::hasVariable).toList();
    private final Map<String, Located> tree = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();

    /** {@return what the tree holds so far} */
    Located.Mapping tree() {
        return new Located.Mapping(Place.file("environment"), tree, false);
    }

    List<Problem> problems() {
        return problems;
    }

    List<Problem> warnings() {
        return warnings;
    }

    /** Adds the variables that stand for keys. Empty ones count as absent, as is the custom of container platforms. */
    EnvironmentKeys variables(Map<String, String> environment) {
        Map<String, String> sorted = new TreeMap<>(environment);
        sorted.values().removeIf(String::isBlank);
        // The plain names first, so that the exact ones win.
        plain(sorted, "HOST", "server.host");
        plain(sorted, "PORT", "server.port");
        sorted.forEach((name, value) -> {
            String upper = name.toUpperCase(Locale.ROOT);
            if (!upper.startsWith(PREFIX)) {
                return;
            }
            Optional<Setting> setting = find(upper);
            if (setting.isPresent()) {
                put(setting.get(), value, Place.variable(name));
            } else if (!OTHER.contains(upper) && !KUBERNETES.matcher(upper).matches()) {
                unknown(name, upper);
            }
        });
        return this;
    }

    /** Adds what the command line sets. */
    EnvironmentKeys flags(List<ConfigSources.Flag> flags) {
        for (ConfigSources.Flag flag : flags) {
            known.stream()
                    .filter(setting -> setting.key().equals(flag.key()))
                    .forEach(setting -> put(setting, flag.value(), Place.flag(flag.name())));
        }
        return this;
    }

    private void plain(Map<String, String> environment, String name, String key) {
        String value = environment.get(name);
        if (value != null) {
            known.stream()
                    .filter(setting -> setting.key().equals(key))
                    .forEach(setting -> put(setting, value, Place.variable(name)));
        }
    }

    /** {@return the key that a variable stands for, with the provider's name filled in} */
    private Optional<Setting> find(String variable) {
        for (Setting setting : known) {
            if (Setting.variable(setting.key()).equals(variable)) {
                return Optional.of(setting);
            }
        }
        if (!variable.startsWith(PROVIDERS)) {
            return Optional.empty();
        }
        Setting longest = null;
        String provider = "";
        int longestSuffix = 0;
        for (Setting setting : known) {
            if (!setting.key().startsWith("providers." + Section.ANY_NAME + ".")) {
                continue;
            }
            String suffix = Setting.variable(setting.key()).substring((PROVIDERS + Section.ANY_NAME).length());
            int nameLength = variable.length() - PROVIDERS.length() - suffix.length();
            if (nameLength > 0 && variable.endsWith(suffix) && suffix.length() > longestSuffix) {
                longest = setting;
                longestSuffix = suffix.length();
                provider = variable.substring(PROVIDERS.length(), PROVIDERS.length() + nameLength)
                        .toLowerCase(Locale.ROOT)
                        .replace('_', '-');
            }
        }
        if (longest == null) {
            return Optional.empty();
        }
        String key = longest.key().replace(Section.ANY_NAME, provider);
        return Optional.of(new Setting(key, longest.type(), longest.value(), Optional.empty()));
    }

    private void unknown(String name, String upper) {
        List<String> names = known.stream()
                .map(setting -> Setting.variable(setting.key()))
                .filter(candidate -> !candidate.contains("<"))
                .toList();
        String remedy = NearestName.of(upper, names)
                .map(nearest -> "Did you mean " + nearest + "?")
                .orElse("It is ignored");
        warnings.add(new Problem(
                Problem.UNKNOWN_VARIABLE, Place.variable(name), "stands for no key of the configuration. " + remedy));
    }

    private void put(Setting setting, String text, Place place) {
        Optional<Located> value;
        if (setting.type().equals("list of texts") && !text.strip().startsWith("[")) {
            List<Located> items = new ArrayList<>();
            for (String item : text.split(",", -1)) {
                if (!item.isBlank()) {
                    items.add(new Located.Scalar(place, place, item.strip(), false));
                }
            }
            value = Optional.of(new Located.Items(place, place, items));
        } else if (setting.value().isContainerNode()) {
            value = LocatedYaml.parse(text, place, problems);
        } else {
            value = Optional.of(new Located.Scalar(place, place, text.strip(), false));
        }
        value.ifPresent(located -> insert(setting.key(), located, place));
    }

    private void insert(String key, Located value, Place place) {
        String[] names = key.split("\\.");
        Map<String, Located> inner = tree;
        for (int i = 0; i < names.length - 1; i++) {
            Located.Mapping mapping = (Located.Mapping)
                    inner.computeIfAbsent(names[i], name -> new Located.Mapping(place, new LinkedHashMap<>(), false));
            inner = mapping.members();
        }
        inner.put(names[names.length - 1], value);
    }
}
