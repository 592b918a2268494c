package io.magicapi.gateway.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * HTTP headers: an immutable list of names and values, in order, names in lower case.
 *
 * <p>Every name is a token and every value free of control characters (RFC 9110, section 5), so headers can be written
 * to the wire as they are. {@code toString} prints names only: values may be secret.
 */
public final class Headers {

    private static final Headers EMPTY = new Headers(List.of());

    /** Name, value, name, value, … */
    private final List<String> fields;

    private Headers(List<String> fields) {
        this.fields = fields;
    }

    /** {@return no headers} */
    public static Headers of() {
        return EMPTY;
    }

    /** {@return one header} */
    public static Headers of(String name, String value) {
        return EMPTY.with(name, value);
    }

    /** {@return a builder to collect several headers without copying them again and again} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the first value of this name, in any case; empty if there is none} */
    public Optional<String> get(String name) {
        for (int i = 0; i < fields.size(); i += 2) {
            if (fields.get(i).equalsIgnoreCase(name)) {
                return Optional.of(fields.get(i + 1));
            }
        }
        return Optional.empty();
    }

    /** {@return all values of this name, in order; empty if there is none} */
    public List<String> all(String name) {
        List<String> values = new ArrayList<>();
        forEach((field, value) -> {
            if (field.equalsIgnoreCase(name)) {
                values.add(value);
            }
        });
        return values;
    }

    /**
     * {@return these headers with this one value for this name, in place of any it had}
     *
     * @throws IllegalArgumentException if name or value could not be sent; the message quotes no value
     */
    public Headers with(String name, String value) {
        return without(name).plus(name, value);
    }

    /**
     * {@return these headers and one more value for this name}
     *
     * @throws IllegalArgumentException if name or value could not be sent; the message quotes no value
     */
    public Headers plus(String name, String value) {
        return new Builder(fields).add(name, value).build();
    }

    /** {@return these headers without any of these names, in any case} */
    public Headers without(String... names) {
        Builder kept = new Builder();
        forEach((field, value) -> {
            for (String name : names) {
                if (field.equalsIgnoreCase(name)) {
                    return;
                }
            }
            kept.addChecked(field, value);
        });
        return kept.fields.size() == fields.size() ? this : kept.build();
    }

    /** Calls {@code action} with each name and value, in order. */
    public void forEach(BiConsumer<String, String> action) {
        for (int i = 0; i < fields.size(); i += 2) {
            action.accept(fields.get(i), fields.get(i + 1));
        }
    }

    /** {@return all names with their values, in order; a view} */
    public Iterable<Map.Entry<String, String>> entries() {
        return () -> IntStream.range(0, size())
                .mapToObj(i -> Map.entry(fields.get(2 * i), fields.get(2 * i + 1)))
                .iterator();
    }

    /** {@return how many name-value pairs there are} */
    public int size() {
        return fields.size() / 2;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Headers that && fields.equals(that.fields);
    }

    @Override
    public int hashCode() {
        return fields.hashCode();
    }

    @Override
    public String toString() {
        List<String> names = new ArrayList<>();
        forEach((name, value) -> names.add(name));
        return names.toString();
    }

    /** Collects headers; for one thread. */
    public static final class Builder {

        private final List<String> fields;

        private Builder() {
            fields = new ArrayList<>(32);
        }

        private Builder(List<String> fields) {
            this.fields = new ArrayList<>(fields.size() + 2);
            this.fields.addAll(fields);
        }

        /**
         * Adds a header.
         *
         * @return this
         * @throws IllegalArgumentException if name or value could not be sent; the message quotes no value
         */
        public Builder add(String name, String value) {
            Objects.requireNonNull(name, "the name of a header is null");
            if (name.isEmpty()) {
                throw new IllegalArgumentException("the name of a header is empty");
            }
            int stranger = firstOutsideToken(name);
            if (stranger >= 0) {
                // Whoever confuses name and value has a key here.
                throw new IllegalArgumentException("not a header name: it has %s at index %d"
                        .formatted(describe(name.charAt(stranger)), stranger));
            }
            Objects.requireNonNull(value, () -> "the value of header " + name + " is null");
            if (!isFieldValue(value)) {
                throw new IllegalArgumentException("the value of header " + name + " has a control character");
            }
            return addChecked(name.toLowerCase(Locale.ROOT), value);
        }

        private Builder addChecked(String name, String value) {
            fields.add(name);
            fields.add(value);
            return this;
        }

        /** {@return the headers collected so far} */
        public Headers build() {
            return fields.isEmpty() ? EMPTY : new Headers(List.copyOf(fields));
        }

        /** {@return where the first character is that no token has, or -1} */
        private static int firstOutsideToken(String name) {
            for (int i = 0; i < name.length(); i++) {
                char c = name.charAt(i);
                boolean letterOrDigit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                if (!letterOrDigit && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
                    return i;
                }
            }
            return -1;
        }

        private static boolean isFieldValue(String value) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if ((c < 0x20 && c != '\t') || c == 0x7f || c > 0xff) {
                    return false;
                }
            }
            return true;
        }

        private static String describe(char c) {
            return c == ' ' ? "a space" : c > ' ' && c < 0x7f ? "'" + c + "'" : "U+%04X".formatted((int) c);
        }
    }
}
