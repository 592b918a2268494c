package io.magicapi.gateway.reload;

import java.util.List;

/** Says why a configuration was not taken over, with everything that is wrong with it. What was in use stays in use. */
public final class ReloadException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /** A reload that was refused for these problems, each with its code; at least one. */
    ReloadException(List<String> problems, Throwable cause) {
        super(
                "the configuration was not reloaded, and what was in use stays in use: " + String.join("; ", problems),
                cause);
        this.problems = List.copyOf(problems);
    }

    /** {@return the problems, each with code and place, as {@code config validate} prints them} */
    public List<String> problems() {
        return problems;
    }
}
