package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the keys of a provider from where the configuration says they are, or else from the variable the provider
 * names. A key that is not there is warned of and left out: callers may bring their own.
 */
final class KeyFinder {

    private static final Logger LOG = LoggerFactory.getLogger(KeyFinder.class);

    private final Map<String, String> environment;

    KeyFinder(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /**
     * {@return the keys found; reads files}
     *
     * @param provider its name, for warnings
     * @param keys where they are; none: in {@code keyVariable}
     * @param before the keys it has had until now: of a file that cannot be read any more, the key stays in use
     */
    KeyRing find(String provider, List<Key> keys, Optional<String> keyVariable, KeyRing before) {
        if (keys.isEmpty()) {
            return keyVariable
                    .flatMap(variable -> environment(variable).map(value -> new KeyRing.Entry(variable, value, 1)))
                    .map(entry -> KeyRing.of(List.of(entry)))
                    .orElse(KeyRing.EMPTY);
        }
        List<KeyRing.Entry> found = new ArrayList<>();
        for (Key key : keys) {
            Optional<String> value = key.env().isPresent()
                    ? Optional.ofNullable(environment.get(key.env().get()))
                    : key.file().flatMap(this::read);
            String source = key.env().or(() -> key.file().map(Path::toString)).orElse(key.name());
            Optional<Secret> fresh = value.filter(text -> !text.isBlank()).map(text -> Secret.of(text.strip()));
            Optional<Secret> used = fresh.or(() -> before.from(source));
            if (fresh.isEmpty()) {
                warn(provider, key, source, used.isPresent());
            }
            used.ifPresent(secret -> found.add(
                    new KeyRing.Entry(key.name(), source, secret, Math.max(1, key.weight()), key.inFlight())));
        }
        return KeyRing.of(found);
    }

    /** {@return the value of an environment variable; empty if it is not set, or blank} */
    Optional<Secret> environment(String variable) {
        return Optional.ofNullable(environment.get(variable))
                .filter(value -> !value.isBlank())
                .map(value -> Secret.of(value.strip()));
    }

    private Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private void warn(String provider, Key key, String source, boolean stays) {
        String kind = key.env().isPresent() ? "environment variable" : "file";
        LOG.atWarn()
                .addKeyValue("provider", provider)
                .addKeyValue("key", key.name())
                .log(
                        "key {} of provider {} is missing: {} {} is unset, unreadable or empty{}",
                        key.name(),
                        provider,
                        kind,
                        source,
                        stays ? "; the key it had before stays in use" : "");
    }
}
