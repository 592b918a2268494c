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

    private enum Ability {
        STREAMING,
        TOOLS,
        VISION
    }

    /** Where a key goes. */
    record KeyPlace(String header, String prefix) {}

    private final Optional<Wire> wire;
    private final Set<Ability> declared;
    private final Optional<List<Operation>> operations;
    private final boolean keyless;
    private final Optional<KeyPlace> keyPlace;
    private final boolean blocking;
    private final Map<String, String> options;
    private final Map<String, String> credentials;

    private Abilities(
            Optional<Wire> wire,
            Set<Ability> declared,
            Optional<List<Operation>> operations,
            boolean keyless,
            Optional<KeyPlace> keyPlace,
            boolean blocking,
            Map<String, String> options,
            Map<String, String> credentials) {
        this.wire = wire;
        this.declared = declared;
        this.operations = operations;
        this.keyless = keyless;
        this.keyPlace = keyPlace;
        this.blocking = blocking;
        this.options = options;
        this.credentials = credentials;
    }

    /**
     * {@return the abilities of a provider that sends bodies and relays answers as they are}
     *
     * <p>It needs a key, which it sends as {@code Authorization: Bearer …}, and serves the operations it names itself.
     */
    public static Abilities passThrough() {
        return new Abilities(
                Optional.empty(),
                EnumSet.allOf(Ability.class),
                Optional.empty(),
                false,
                Optional.of(new KeyPlace("authorization", "Bearer ")),
                false,
                Map.of(),
                Map.of());
    }

    /**
     * {@return the abilities of a provider that translates requests, answers or both, and so far only plain text}
     *
     * @param wire what its server sends; {@link Wire#openAi()} if only requests are translated
     */
    public static Abilities translated(Wire wire) {
        Abilities plain = passThrough();
        return new Abilities(
                Optional.of(Objects.requireNonNull(wire, "wire")),
                EnumSet.noneOf(Ability.class),
                plain.operations,
                plain.keyless,
                plain.keyPlace,
                plain.blocking,
                plain.options,
                plain.credentials);
    }

    /** {@return these, and chat streams; passing through includes them} */
    public Abilities streaming() {
        return with(Ability.STREAMING);
    }

    /** {@return these, and tools in chats; passing through includes them} */
    public Abilities tools() {
        return with(Ability.TOOLS);
    }

    /** {@return these, and images in chats; passing through includes them} */
    public Abilities vision() {
        return with(Ability.VISION);
    }

    private Abilities with(Ability ability) {
        EnumSet<Ability> more = EnumSet.of(ability);
        more.addAll(declared);
        return new Abilities(wire, more, operations, keyless, keyPlace, blocking, options, credentials);
    }

    /** {@return these for exactly these operations, whatever the provider names itself} */
    public Abilities operations(Operation... served) {
        return new Abilities(
                wire, declared, Optional.of(List.of(served)), keyless, keyPlace, blocking, options, credentials);
    }

    /**
     * {@return these with the key in another header}
     *
     * @param prefix what stands before the key: empty, or {@code "Bearer "}
     */
    public Abilities keyHeader(String name, String prefix) {
        KeyPlace place = new KeyPlace(name.toLowerCase(Locale.ROOT), prefix);
        return new Abilities(wire, declared, operations, keyless, Optional.of(place), blocking, options, credentials);
    }

    /** {@return these with a key that is never sent, since requests are signed with it} */
    public Abilities keyNotSent() {
        return new Abilities(wire, declared, operations, keyless, Optional.empty(), blocking, options, credentials);
    }

    /** {@return these without need of a key} */
    public Abilities withoutKey() {
        return new Abilities(wire, declared, operations, true, keyPlace, blocking, options, credentials);
    }

    /** {@return these of a provider whose calls may block, and which says so} */
    public Abilities blocking() {
        return new Abilities(wire, declared, operations, keyless, keyPlace, true, options, credentials);
    }

    /** {@return these of a provider that is configured so: {@code providers.<name>.options}} */
    public Abilities option(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(options);
        more.put(name, value);
        return new Abilities(wire, declared, operations, keyless, keyPlace, blocking, Map.copyOf(more), credentials);
    }

    /**
     * {@return these of a provider whose callers bring this header instead of a bearer token, see {@link
     * io.magicapi.gateway.api.Provider#credentialHeaders}; to be called for each of them}
     *
     * @param value in which {@code {key}} stands for {@link ProviderContract#key()}
     */
    public Abilities credentialHeader(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(credentials);
        more.put(name.toLowerCase(Locale.ROOT), value);
        return new Abilities(
                wire, declared, operations, keyless, keyPlace, blocking, options, Collections.unmodifiableMap(more));
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
        return declared.contains(Ability.STREAMING);
    }

    boolean hasTools() {
        return declared.contains(Ability.TOOLS);
    }

    boolean sees() {
        return declared.contains(Ability.VISION);
    }

    Optional<List<Operation>> served() {
        return operations;
    }

    boolean isKeyless() {
        return keyless;
    }

    Optional<KeyPlace> keyPlace() {
        return keyPlace;
    }

    boolean isBlocking() {
        return blocking;
    }

    Map<String, String> options() {
        return options;
    }
}
