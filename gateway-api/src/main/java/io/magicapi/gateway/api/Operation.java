package io.magicapi.gateway.api;

import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A part of the OpenAI API, named by the path below {@code /v1/} at which it begins: {@code files} is also {@code
 * files/abc/content}. An open set, so a new part of OpenAI's API needs no new release of this one.
 */
public final class Operation {

    private static final Pattern SHAPE = Pattern.compile("[a-z0-9_-]+(/[a-z0-9_-]+)*");

    public static final Operation CHAT_COMPLETIONS = of("chat/completions");
    public static final Operation COMPLETIONS = of("completions");
    public static final Operation EMBEDDINGS = of("embeddings");
    public static final Operation MODELS = of("models");
    public static final Operation RESPONSES = of("responses");
    public static final Operation MODERATIONS = of("moderations");
    public static final Operation AUDIO_SPEECH = of("audio/speech");
    public static final Operation AUDIO_TRANSCRIPTIONS = of("audio/transcriptions");
    public static final Operation AUDIO_TRANSLATIONS = of("audio/translations");
    public static final Operation IMAGES = of("images");
    public static final Operation FILES = of("files");
    public static final Operation BATCHES = of("batches");

    /** The operations named above. */
    public static final List<Operation> COMMON = List.of(
            CHAT_COMPLETIONS,
            COMPLETIONS,
            EMBEDDINGS,
            MODELS,
            RESPONSES,
            MODERATIONS,
            AUDIO_SPEECH,
            AUDIO_TRANSCRIPTIONS,
            AUDIO_TRANSLATIONS,
            IMAGES,
            FILES,
            BATCHES);

    private final String path;

    private Operation(String path) {
        this.path = path;
    }

    /**
     * {@return the operation that begins at this path}
     *
     * @param path without leading or trailing slash and without {@code v1}: {@code chat/completions}
     * @throws IllegalArgumentException if it has another form
     */
    public static Operation of(String path) {
        if (!SHAPE.matcher(path).matches()) {
            throw new IllegalArgumentException("an operation is a path such as chat/completions, but was: "
                    + path.replaceFirst("\\?.*", "?…")); // some send keys in queries
        }
        return new Operation(path);
    }

    /**
     * {@return the operation a request path belongs to: one of the constants, or else one named by its first segment}
     *
     * @param path what follows {@code /v1/}, without query: {@code models/openai%2Fgpt-oss-120b}
     */
    public static Operation at(String path) {
        for (Operation operation : COMMON) {
            if (operation.covers(path)) {
                return operation;
            }
        }
        int slash = path.indexOf('/');
        String first = slash < 0 ? path : path.substring(0, slash);
        return new Operation(first);
    }

    /** {@return the path below {@code /v1/} at which this operation begins} */
    public String path() {
        return path;
    }

    private boolean covers(String requestPath) {
        return requestPath.startsWith(path)
                && (requestPath.length() == path.length() || requestPath.charAt(path.length()) == '/');
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Operation that && path.equals(that.path);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(path);
    }

    @Override
    public String toString() {
        return path;
    }
}
