package io.magicapi.gateway.config;

/**
 * Where a setting was made.
 *
 * @param source a file as the operator would name it, {@code env NAME}, or a flag such as {@code --port}
 * @param line its line, from 1; 0 if the source has no lines
 * @param column its column, from 1; 0 if the source has no lines
 */
public record Place(String source, int line, int column) {

    /** {@return the place of an environment variable} */
    public static Place variable(String name) {
        return new Place("env " + name, 0, 0);
    }

    /** {@return the place of a command line flag} */
    public static Place flag(String name) {
        return new Place(name, 0, 0);
    }

    /** {@return a file as a whole} */
    public static Place file(String name) {
        return new Place(name, 0, 0);
    }

    /** {@return the place without the column, as {@code config show --origin} prints it: {@code gateway.yaml:14}} */
    public String brief() {
        return line == 0 ? source : source + ":" + line;
    }

    /** {@return as editors and terminals link it: {@code gateway.yaml:14:5}} */
    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line + ":" + column;
    }
}
