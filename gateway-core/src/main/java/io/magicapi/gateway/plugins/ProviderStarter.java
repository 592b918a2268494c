package io.magicapi.gateway.plugins;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a provider object into a {@link ProviderGeneration}: checks its name, starts it, and checks what it declares.
 * Runs plugin code, on whichever thread the caller has provided for that.
 */
final class ProviderStarter {

    private static final Logger LOG = LoggerFactory.getLogger(ProviderStarter.class);

    /** Not an error of the plugin's: a configured provider that cannot serve. */
    private static final String NO_BASE_URL = "GW-C13";

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    private final GatewayConfig config;
    private final KeyFinder keys;
    private final Map<String, String> taken;

    /**
     * A starter.
     *
     * @param taken names that other providers have, each with who has it
     */
    ProviderStarter(GatewayConfig config, KeyFinder keys, Map<String, String> taken) {
        this.config = config;
        this.keys = keys;
        this.taken = Map.copyOf(taken);
    }

    /** What {@link Provider#start} gets to see. */
    private record Context(String name, Supplier<String> effectiveBaseUrl, JsonNode options, KeyFinder keys)
            implements ProviderContext {
        @Override
        public String baseUrl() {
            return effectiveBaseUrl.get();
        }

        @Override
        public Optional<Secret> environment(String variable) {
            return keys.environment(variable);
        }
    }

    /**
     * {@return the names under which a provider is to serve: its own, unless the configuration gives that to another
     * one, and those of the instances that the configuration makes of it}
     *
     * @param own the name it gives itself
     */
    List<String> names(String own) {
        Stream<String> instances = config.providers().entrySet().stream()
                .filter(entry -> entry.getValue().plugin().filter(own::equals).isPresent())
                .map(Map.Entry::getKey);
        boolean free = config.provider(own)
                .plugin()
                .filter(other -> !other.equals(own))
                .isEmpty();
        return Stream.concat(free ? Stream.of(own) : Stream.empty(), instances)
                .distinct()
                .sorted()
                .toList();
    }

    /**
     * {@return the name that a provider gives itself}
     *
     * @throws Refusal if it is none
     */
    static String ownName(String label, Provider provider) throws Refusal {
        Checks checks = new Checks(label, provider.getClass().getSimpleName());
        String own = checks.present("name()", provider.name());
        checks.that(
                NAME.matcher(own).matches(),
                "name() is \"" + own
                        + "\": a name starts with a letter a-z, goes on with a-z, 0-9 and dashes, and has at most 32 of"
                        + " them");
        return own;
    }

    /**
     * {@return whether a provider of this name needs to be started anew, coming from its settings so far; if not, what it
     * was started with is still right}
     */
    boolean startsAnew(String name, ProviderSettings before) {
        ProviderSettings settings = config.provider(name);
        return !settings.plugin().equals(before.plugin())
                || !settings.baseUrl().equals(before.baseUrl())
                || !settings.options().equals(before.options());
    }

    /** {@return a running provider with the keys and deadlines of this configuration; itself if it has them; reads files} */
    ProviderGeneration follow(ProviderGeneration running) {
        ProviderSettings settings = config.provider(running.name());
        return running.with(
                keys.find(running.name(), settings.keys(), running.keyVariable(), running.keys()),
                settings.deadlines());
    }

    /**
     * Starts one instance of a provider.
     *
     * @param label what to call the plugin
     * @param version its version
     * @param name the name it is to serve under, one of {@link #names}
     * @param siblings providers of the same plugin, started before
     * @param before the keys that a provider of this name has had until now
     * @param started called when {@link Provider#start} has returned: from then on it must be stopped
     * @return empty if it has no base URL, neither of its own nor a configured one, and so serves nowhere
     * @throws Refusal if the provider is not as it must be
     * @throws Exception whatever the provider throws
     */
    Optional<ProviderGeneration> start(
            String label,
            String version,
            String name,
            Provider provider,
            Collection<ProviderGeneration> siblings,
            KeyRing before,
            Runnable started)
            throws Exception {
        Checks checks = new Checks(label, provider.getClass().getSimpleName());
        String owner = taken.get(name);
        if (owner == null
                && siblings.stream().anyMatch(sibling -> sibling.name().equals(name))) {
            owner = "another provider of the same jar";
        }
        if (owner != null) {
            throw new Refusal(
                    "GW-P19",
                    label + ": there is already a provider named \"" + name + "\", from " + owner
                            + ", which keeps serving. Remove one of the two.");
        }

        ProviderSettings settings = config.provider(name);
        provider.start(new Context(
                name,
                () -> settings.baseUrl().orElseGet(provider::baseUrl),
                settings.options().deepCopy(),
                keys));
        started.run();

        String baseUrl = settings.baseUrl().orElse(null);
        if (baseUrl == null) {
            baseUrl = checks.present("baseUrl()", provider.baseUrl());
            if (baseUrl.isEmpty()) {
                warnOfMissingBaseUrl(name);
                return Optional.empty();
            }
            checks.baseUrl("baseUrl()", baseUrl);
        } else {
            checks.baseUrl("providers." + name + ".base-url in the configuration", baseUrl);
        }
        checks.elements("operations()", provider.operations());
        checks.elements("models()", provider.models());
        checks.elements("usagePointers()", provider.usagePointers());
        for (String pointer : provider.usagePointers()) {
            checks.that(isPointer(pointer), "usagePointers() has \"" + pointer + "\", which is no JSON pointer");
        }
        checks.elements("credentialHeaders()", provider.credentialHeaders());
        // The usual variable holds the key of the usual place; an instance may be anywhere.
        Optional<String> keyVariable = checks.present("keyVariable()", provider.keyVariable())
                .filter(variable -> name.equals(provider.name()));
        return Optional.of(new ProviderGeneration(
                name,
                version,
                provider,
                baseUrl,
                keyVariable,
                keys.find(name, settings.keys(), keyVariable, before),
                settings.deadlines()));
    }

    private void warnOfMissingBaseUrl(String name) {
        if (config.providers().containsKey(name)) {
            LOG.atWarn()
                    .addKeyValue("code", NO_BASE_URL)
                    .log("{} providers.{} needs a base-url, and is not served without one", NO_BASE_URL, name);
        }
    }

    private static boolean isPointer(String text) {
        try {
            JsonPointer.compile(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Words for what a provider declares wrongly. */
    private record Checks(String label, String className) {

        void that(boolean holds, String otherwise) throws Refusal {
            if (!holds) {
                throw new Refusal("GW-P21", label + ": " + className + "." + otherwise + ".");
            }
        }

        <T> T present(String what, @Nullable T value) throws Refusal {
            that(value != null, what + " is null");
            return Objects.requireNonNull(value);
        }

        void elements(String what, @Nullable Collection<?> values) throws Refusal {
            for (Object value : present(what, values)) {
                that(value != null, what + " contains null");
            }
        }

        void baseUrl(String what, String url) throws Refusal {
            Optional<String> flaw = flaw(url);
            if (flaw.isPresent()) {
                String subject = what.contains(" ") ? what : className + "." + what;
                throw new Refusal(
                        "GW-P21",
                        label + ": " + subject + " is \"" + url + "\", which " + flaw.get()
                                + ". Write for example https://api.example.com/v2.");
            }
        }

        private static Optional<String> flaw(String url) {
            URI uri;
            try {
                uri = new URI(url);
            } catch (URISyntaxException e) {
                return Optional.of("is not a URL");
            }
            if (!"https".equals(uri.getScheme()) && !"http".equals(uri.getScheme())) {
                return Optional.of("is not an absolute http or https URL");
            }
            if (uri.getRawUserInfo() != null) {
                return Optional.of("has user info");
            }
            if (uri.getHost() == null) {
                return Optional.of("names no host");
            }
            if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
                return Optional.of("has a query or fragment");
            }
            return url.endsWith("/") ? Optional.of("ends in a slash") : Optional.empty();
        }
    }
}
