package io.magicapi.gateway.api;

import java.util.Objects;

/** A credential. Prints as {@code ***}, so that it cannot reach a log by accident. */
public final class Secret {

    private final String value;

    private Secret(String value) {
        this.value = value;
    }

    /**
     * {@return a secret with this value}
     *
     * @throws IllegalArgumentException if it is blank
     */
    public static Secret of(String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException("a secret must not be blank");
        }
        return new Secret(value);
    }

    /** {@return the value itself; for the header that carries it, and nothing else} */
    public String reveal() {
        return value;
    }

    /**
     * {@return enough of the value to tell two keys apart and too little to use one: {@code gsk_…a1b2}, or {@code …} for
     * a short one}
     */
    public String hint() {
        return value.length() < 16 ? "…" : value.substring(0, 4) + "…" + value.substring(value.length() - 4);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret that && value.equals(that.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(value);
    }

    @Override
    public String toString() {
        return "***";
    }
}
