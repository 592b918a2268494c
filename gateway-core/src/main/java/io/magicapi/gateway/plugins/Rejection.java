package io.magicapi.gateway.plugins;

/**
 * Why a jar is not used.
 *
 * @param code {@code GW-P01} and so on; {@code docs/plugin-messages.md} lists them
 * @param message what is wrong and what to do, naming the plugin or the file; without the code
 */
public record Rejection(String code, String message) implements Inspection {

    /** {@return code and message, as logs show them} */
    @Override
    public String toString() {
        return code + " " + message;
    }

    Rejection and(String sentence) {
        return new Rejection(code, message + " " + sentence);
    }
}
