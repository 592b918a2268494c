package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Operation;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What a provider can do, as its {@link ProviderContract} is told: nothing is assumed, and what is not declared must
 * fail in the documented way. Immutable; each method returns a new value.
 *
 * <pre>{@code
 * Abilities.passThrough()                                             // OpenAI's wire format, a bearer token
 * Abilities.passThrough().keyHeader("api-key", "")                    // the key somewhere else
 * Abilities.translated(new AcmeWire()).streaming().tools()            // another wire format
 * }</pre>
 */
public final class Abilities {

    private enum Trait {
        STREAMING,
        TOOLS,
        VISION,
        OWN_PATHS,
        KEYLESS,
        BLOCKING
    }

    /** Where a key goes. */
    record KeyPlace(String header, String prefix) {}

    private final Optional<Wire> wire;
    private final Set<Trait> traits;
    private final Optional<List<Operation>> served;
    private final Optional<KeyPlace> keyPlace;
    private final Map<String, String> options;
    private final Map<String, String> credentials;

    private Abilities(
            Optional<Wire> wire,
            Set<Trait> traits,
            Optional<List<Operation>> served,
            Optional<KeyPlace> keyPlace,
            Map<String, String> options,
            Map<String, String> credentials) {
        this.wire = wire;
        this.traits = traits;
        this.served = served;
        this.keyPlace = keyPlace;
        this.options = options;
        this.credentials = credentials;
    }

    private static Abilities of(Optional<Wire> wire, Set<Trait> traits) {
        KeyPlace bearer = new KeyPlace("authorization", "Bearer ");
        return new Abilities(wire, traits, Optional.empty(), Optional.of(bearer), Map.of(), Map.of());
    }

    /**
     * {@return the abilities of a provider that sends bodies and relays answers as they are}
     *
     * <p>It needs a key, which it sends as {@code Authorization: Bearer …}, and serves the operations it names itself.
     */
    public static Abilities passThrough() {
        return of(Optional.empty(), EnumSet.of(Trait.STREAMING, Trait.TOOLS, Trait.VISION));
    }

    /**
     * {@return the abilities of a provider that translates requests, answers or both, and so far only plain text}
     *
     * @param wire what its server sends; {@link Wire#openAi()} if only requests are translated
     */
    public static Abilities translated(Wire wire) {
        return of(Optional.of(Objects.requireNonNull(wire, "wire")), EnumSet.of(Trait.OWN_PATHS));
    }

    /** {@return these, and chat streams; passing through includes them} */
    public Abilities streaming() {
        return with(Trait.STREAMING);
    }

    /** {@return these, and tools in chats; passing through includes them} */
    public Abilities tools() {
        return with(Trait.TOOLS);
    }

    /** {@return these, and images in chats; passing through includes them} */
    public Abilities vision() {
        return with(Trait.VISION);
    }

    /** {@return these with paths of the provider's own; translating includes them} */
    public Abilities ownPaths() {
        return with(Trait.OWN_PATHS);
    }

    /** {@return these without need of a key} */
    public Abilities withoutKey() {
        return with(Trait.KEYLESS);
    }

    /** {@return these of a provider whose calls may block, and which says so} */
    public Abilities blocking() {
        return with(Trait.BLOCKING);
    }

    private Abilities with(Trait trait) {
        EnumSet<Trait> more = EnumSet.of(trait);
        more.addAll(traits);
        return new Abilities(wire, more, served, keyPlace, options, credentials);
    }

    /** {@return these for exactly these operations, whatever the provider names itself} */
    public Abilities operations(Operation... these) {
        return new Abilities(wire, traits, Optional.of(List.of(these)), keyPlace, options, credentials);
    }

    /**
     * {@return these with the key in another header}
     *
     * @param prefix what stands before the key: empty, or {@code "Bearer "}
     */
    public Abilities keyHeader(String name, String prefix) {
        KeyPlace place = new KeyPlace(name.toLowerCase(Locale.ROOT), prefix);
        return new Abilities(wire, traits, served, Optional.of(place), options, credentials);
    }

    /** {@return these with a key that is never sent, since requests are signed with it} */
    public Abilities keyNotSent() {
        return new Abilities(wire, traits, served, Optional.empty(), options, credentials);
    }

    /** {@return these of a provider that is configured so: {@code providers.<name>.options}} */
    public Abilities option(String name, String value) {
        return new Abilities(wire, traits, served, keyPlace, and(options, name, value), credentials);
    }

    /**
     * {@return these of a provider whose callers bring this header instead of a bearer token, see {@link
     * io.magicapi.gateway.api.Provider#credentialHeaders}; to be called for each of them}
     *
     * @param value in which {@code {key}} stands for {@link ProviderContract#key()}
     */
    public Abilities credentialHeader(String name, String value) {
        Map<String, String> more = and(credentials, name.toLowerCase(Locale.ROOT), value);
        return new Abilities(wire, traits, served, keyPlace, options, more);
    }

    private static Map<String, String> and(Map<String, String> some, String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(some);
        more.put(name, value);
        return Collections.unmodifiableMap(more);
    }

    /** {@return the headers by which a caller brings this key} */
    Map<String, String> credentials(String key) {
        if (credentials.isEmpty()) {
            return Map.of("authorization", "Bearer " + key);
        }
        Map<String, String> filled = new LinkedHashMap<>();
        credentials.forEach((name, value) -> filled.put(name, value.replace("{key}", key)));
        return filled;
    }

    /** {@return whether callers bring something else than a bearer token} */
    boolean hasOwnCredentials() {
        return !credentials.isEmpty();
    }

    boolean isPassThrough() {
        return wire.isEmpty();
    }

    Wire wire() {
        return wire.orElseGet(Wire::openAi);
    }

    boolean streams() {
        return traits.contains(Trait.STREAMING);
    }

    boolean hasTools() {
        return traits.contains(Trait.TOOLS);
    }

    boolean sees() {
        return traits.contains(Trait.VISION);
    }

    boolean hasOwnPaths() {
        return traits.contains(Trait.OWN_PATHS);
    }

    boolean isKeyless() {
        return traits.contains(Trait.KEYLESS);
    }

    boolean isBlocking() {
        return traits.contains(Trait.BLOCKING);
    }

    /** {@return the operations that are served; empty if the provider itself is to be asked} */
    Optional<List<Operation>> served() {
        return served;
    }

    /** {@return where the key goes; empty if it is not sent} */
    Optional<KeyPlace> keyPlace() {
        return keyPlace;
    }

    Map<String, String> options() {
        return options;
    }
}
