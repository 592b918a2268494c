package io.magicapi.gateway.plugins;

/** Carries a {@link Rejection} to where the jar, or what an operator asked for, is given up. Holds strings only: no plugin exception, no stack. */
public final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Rejection rejection;

    Refusal(String code, String message) {
        super(message, null, false, false);
        this.rejection = new Rejection(code, message);
    }

    /** {@return code and message} */
    public Rejection rejection() {
        return rejection;
    }
}
