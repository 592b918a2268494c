package io.magicapi.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;

/** Which version runs here. Read from a resource that the build fills in. */
public final class Version {

    private static final Properties PROPERTIES = read();

    private Version() {}

    /** {@return the version of the gateway, such as {@code 0.1.0} or {@code 0.2.0-SNAPSHOT}} */
    public static String gateway() {
        return Objects.requireNonNull(PROPERTIES.getProperty("gateway"));
    }

    /** {@return the version of gateway-api that plugins meet here, without qualifier: {@code 0.1.0}} */
    public static String api() {
        return Objects.requireNonNull(PROPERTIES.getProperty("api"));
    }

    private static Properties read() {
        Properties properties = new Properties();
        try (InputStream file = Objects.requireNonNull(Version.class.getResourceAsStream("version.properties"))) {
            properties.load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }
}
