package io.magicapi.gateway.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What differs between two configurations, key by key.
 *
 * @param changes in the order of the newer configuration, then what is gone
 */
public record ConfigDiff(List<Change> changes) {

    public ConfigDiff {
        changes = List.copyOf(changes);
    }

    /**
     * One key that differs. Of options, what may be a secret is masked.
     *
     * @param before its value before; empty if the key was not there
     * @param after its value now; empty if the key is gone
     * @param needsRestart whether the running gateway cannot follow
     */
    public record Change(String key, Optional<JsonNode> before, Optional<JsonNode> after, boolean needsRestart) {

        /** {@return for people: {@code server.limits.body: 32MiB → 8MiB}} */
        @Override
        public String toString() {
            return key + ": " + before.map(Change::text).orElse("(not set)") + " → "
                    + after.map(Change::text).orElse("(removed)") + (needsRestart ? " (needs a restart)" : "");
        }

        private static String text(JsonNode value) {
            return value.isNull() ? "none" : value.isTextual() ? value.textValue() : value.toString();
        }
    }

    /**
     * {@return the difference}
     *
     * <p>Of what is in one of the two only, such as a provider, the keys that were left on their defaults are no news.
     *
     * @param needsRestart for which keys a running gateway goes on with the value it was started with
     */
    public static ConfigDiff of(LoadedConfig before, LoadedConfig after, Predicate<String> needsRestart) {
        Map<String, Setting> old = byKey(before);
        List<Change> changes = new ArrayList<>();
        for (Setting setting : after.settings()) {
            Setting was = old.remove(setting.key());
            boolean news =
                    was == null ? setting.origin().isPresent() : !was.value().equals(setting.value());
            if (news) {
                changes.add(new Change(
                        setting.key(),
                        Optional.ofNullable(was).map(Setting::masked),
                        Optional.of(setting.masked()),
                        needsRestart.test(setting.key())));
            }
        }
        old.values().stream()
                .filter(setting -> setting.origin().isPresent())
                .forEach(setting -> changes.add(new Change(
                        setting.key(),
                        Optional.of(setting.masked()),
                        Optional.empty(),
                        needsRestart.test(setting.key()))));
        return new ConfigDiff(changes);
    }

    private static Map<String, Setting> byKey(LoadedConfig config) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        config.settings().forEach(setting -> settings.put(setting.key(), setting));
        return settings;
    }
}
