package io.magicapi.gateway.reload;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The keys whose change takes effect at the next start: what they say was built into listeners, folders and logs when the
 * gateway started. All others are read when they are needed.
 */
final class RestartKeys implements Predicate<String> {

    /** Keys, and with a dot at the end all keys below; {@code docs/configuration.md} lists the same. */
    static final List<String> ALL = List.of(
            "server.host",
            "server.port",
            "server.http2-cleartext",
            "server.limits.header-block",
            "server.limits.request-line",
            "admin.",
            "plugins.dir",
            "plugins.data",
            "plugins.watch",
            "plugins.verify",
            "plugins.lock",
            "plugins.trusted-keys",
            "plugins.dev",
            "plugins.<name>.pin",
            "observability.",
            "log.format");

    private static final String PIN = ".pin";
    private static final Set<String> STARTED_WITH = Set.of("plugin", "base-url", "options");

    private final Set<String> builtIn;

    /** @param builtIn providers that are no plugin's: they are started once */
    RestartKeys(Set<String> builtIn) {
        this.builtIn = Set.copyOf(builtIn);
    }

    @Override
    public boolean test(String key) {
        String[] names = key.split("\\.", -1);
        if (names.length == 3 && names[0].equals("providers")) {
            return builtIn.contains(names[1]) && STARTED_WITH.contains(names[2]);
        }
        return ALL.stream().anyMatch(one -> one.endsWith(".") ? key.startsWith(one) : key.equals(one))
                || key.startsWith("plugins.") && key.endsWith(PIN);
    }
}
