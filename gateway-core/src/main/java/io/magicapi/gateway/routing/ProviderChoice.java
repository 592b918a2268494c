package io.magicapi.gateway.routing;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.echo.EchoProvider;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Chooses the provider of a request that names no route, by the first rule that applies:
 *
 * <ol>
 *   <li>the {@code x-provider} header; the model then passes untouched, since some providers have ids with a slash
 *   <li>a model of the form {@code provider/model} whose first part is a loaded provider; the prefix is removed,
 *       unless the provider's catalogue has the id as it stands, such as Groq's {@code groq/compound}. If the first part
 *       is a provider that is configured or was loaded before, the request is refused: its key is meant for that one
 *   <li>{@code routing.default-provider}
 *   <li>the only loaded provider whose catalogue lists the model
 *   <li>the only loaded provider besides {@code echo}; of several, the only one that was set up: that the gateway holds
 *       a key for, or that the configuration mentions
 * </ol>
 *
 * <p>Otherwise the request is refused with a message that names what is loaded and how to choose.
 *
 * @param provider the provider
 * @param model the model as the provider knows it; empty if the request names none
 * @param modelChanged whether {@code model} differs from what the request says, so that the body must be changed
 */
public record ProviderChoice(ProviderGeneration provider, Optional<String> model, boolean modelChanged) {

    /** The header by which clients choose. */
    public static final String HEADER = "x-provider";

    private static final Optional<String> HEADER_PARAM = Optional.of(HEADER);

    /**
     * Chooses.
     *
     * @param header the values of the {@code x-provider} header, as sent
     * @param model the model the request names, if any
     * @throws GatewayException if no rule applies, or the chosen provider does not serve {@code operation}
     */
    public static ProviderChoice choose(
            ProviderSnapshot snapshot,
            GatewayConfig config,
            List<String> header,
            Optional<String> model,
            Operation operation) {
        ProviderChoice choice = find(snapshot, config, header, model);
        requireServes(choice.provider(), operation);
        return choice;
    }

    /**
     * {@return the provider of this name}
     *
     * @param name in lower case
     * @param where what names it, for the message
     * @throws GatewayException if it is not there, is out of service, or does not serve {@code operation}
     */
    static ProviderGeneration require(ProviderSnapshot snapshot, String name, String where, Operation operation) {
        ProviderGeneration provider = require(snapshot, name, where);
        requireServes(provider, operation);
        return provider;
    }

    private static ProviderGeneration require(ProviderSnapshot snapshot, String name, String where) {
        return snapshot.find(name).orElseThrow(() -> notFound(snapshot, name, where));
    }

    private static void requireServes(ProviderGeneration provider, Operation operation) {
        if (!provider.serves(operation)) {
            throw new GatewayException(
                    ErrorCode.UNKNOWN_URL, "provider " + provider.name() + " does not serve /v1/" + operation.path());
        }
    }

    private static ProviderChoice find(
            ProviderSnapshot snapshot, GatewayConfig config, List<String> header, Optional<String> model) {
        if (!header.isEmpty()) {
            return new ProviderChoice(named(snapshot, header), model, false);
        }
        Optional<ProviderChoice> prefixed = model.flatMap(name -> byPrefix(snapshot, name));
        if (prefixed.isPresent()) {
            return prefixed.get();
        }
        if (config.routing().defaultProvider().isPresent()) {
            String name = config.routing().defaultProvider().get();
            return new ProviderChoice(require(snapshot, name, "routing.default-provider"), model, false);
        }
        List<ProviderGeneration> listing = model.map(snapshot::listing).orElse(List.of());
        if (listing.size() == 1) {
            return new ProviderChoice(listing.get(0), model, false);
        }
        List<ProviderGeneration> real = snapshot.all().stream()
                .filter(provider -> !provider.name().equals(EchoProvider.NAME))
                .toList();
        if (real.size() > 1) {
            real = real.stream().filter(provider -> isSetUp(provider, config)).toList();
        }
        if (real.size() == 1) {
            return new ProviderChoice(real.get(0), model, false);
        }
        throw undecided(snapshot, listing, model);
    }

    private static boolean isSetUp(ProviderGeneration provider, GatewayConfig config) {
        return !provider.keys().entries().isEmpty() || config.providers().containsKey(provider.name());
    }

    private static ProviderGeneration named(ProviderSnapshot snapshot, List<String> header) {
        if (header.size() > 1) {
            throw new GatewayException(
                    ErrorCode.INVALID_REQUEST,
                    "header x-provider is sent more than once; send one value",
                    HEADER_PARAM);
        }
        String name = header.get(0).strip().toLowerCase(Locale.ROOT);
        return require(snapshot, name, "x-provider header");
    }

    private static Optional<ProviderChoice> byPrefix(ProviderSnapshot snapshot, String model) {
        int slash = model.indexOf('/');
        if (slash <= 0 || slash == model.length() - 1) {
            return Optional.empty();
        }
        String name = model.substring(0, slash).toLowerCase(Locale.ROOT);
        Optional<ProviderGeneration> named = snapshot.find(name);
        if (named.isEmpty() && snapshot.isKnown(name)) {
            throw notFound(snapshot, name, "the model's prefix");
        }
        return named.map(provider -> provider.lists(model)
                ? new ProviderChoice(provider, Optional.of(model), false)
                : new ProviderChoice(provider, Optional.of(model.substring(slash + 1)), true));
    }

    private static GatewayException notFound(ProviderSnapshot snapshot, String name, String where) {
        Optional<String> reason = snapshot.outOfService(name);
        if (reason.isPresent()) {
            return outOfService(name, reason.get());
        }
        return new GatewayException(
                ErrorCode.PROVIDER_NOT_FOUND,
                "no provider named \"" + shorten(name) + "\"; " + loaded(snapshot) + " (" + where + ")",
                HEADER_PARAM);
    }

    private static GatewayException outOfService(String name, String reason) {
        return new GatewayException(
                ErrorCode.PROVIDER_UNAVAILABLE, "provider " + name + " cannot serve now: " + reason, HEADER_PARAM);
    }

    private static GatewayException undecided(
            ProviderSnapshot snapshot, List<ProviderGeneration> listing, Optional<String> model) {
        if (listing.isEmpty() && snapshot.outOfService().size() == 1) {
            String name = snapshot.outOfService().iterator().next();
            return outOfService(name, snapshot.outOfService(name).orElseThrow());
        }
        String way = "; say which one with header x-provider, or with a model such as \"provider/model\"";
        if (listing.size() > 1) {
            List<String> names = listing.stream().map(ProviderGeneration::name).toList();
            return new GatewayException(
                    ErrorCode.PROVIDER_AMBIGUOUS,
                    "model \"" + model.orElseThrow() + "\" is offered by " + String.join(" and ", names) + way,
                    HEADER_PARAM);
        }
        String why = model.map(name -> "model \"" + shorten(name) + "\" is no route, and no catalogue has it; ")
                .orElse("no provider is named, and ");
        return new GatewayException(ErrorCode.PROVIDER_REQUIRED, why + loaded(snapshot) + way, HEADER_PARAM);
    }

    private static String shorten(String name) {
        return name.length() > 64 ? name.substring(0, 64) + "…" : name;
    }

    private static String loaded(ProviderSnapshot snapshot) {
        return "loaded: " + (snapshot.names().isEmpty() ? "none" : String.join(", ", snapshot.names()));
    }
}
