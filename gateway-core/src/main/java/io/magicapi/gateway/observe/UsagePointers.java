package io.magicapi.gateway.observe;

import com.fasterxml.jackson.core.JsonPointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Where the answers of a provider carry token usage, made ready once for all answers. Immutable. */
public final class UsagePointers {

    private final List<JsonPointer> pointers;
    private final List<byte[][]> steps;

    private UsagePointers(List<String> texts) {
        this.pointers = texts.stream().map(JsonPointer::compile).toList();
        this.steps = pointers.stream().map(UsagePointers::steps).toList();
    }

    /**
     * {@return the pointers that these texts are}
     *
     * @param texts JSON pointers through objects, in the order to look: {@code /usage}
     * @throws IllegalArgumentException if one is none
     */
    public static UsagePointers of(List<String> texts) {
        return new UsagePointers(texts);
    }

    private static byte[][] steps(JsonPointer pointer) {
        List<byte[]> names = new ArrayList<>();
        for (JsonPointer p = pointer; p != null && !p.matches(); p = p.tail()) {
            names.add(p.getMatchingProperty().getBytes(StandardCharsets.UTF_8));
        }
        return names.toArray(byte[][]::new);
    }

    /** {@return the pointers, for trees} */
    public List<JsonPointer> pointers() {
        return pointers;
    }

    /** {@return of each pointer the names of the fields that it leads through, in UTF-8; not to be written to} */
    public List<byte[][]> steps() {
        return steps;
    }
}
