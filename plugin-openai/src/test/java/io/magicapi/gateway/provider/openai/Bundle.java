package io.magicapi.gateway.provider.openai;

import io.magicapi.gateway.api.Provider;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The providers of this plugin, as a gateway finds them. */
final class Bundle {

    private Bundle() {}

    /** {@return a new object of each class that an index of extensions lists; tests have one too, which is empty} */
    static List<Provider> providers() {
        List<Provider> providers = new ArrayList<>();
        try {
            for (URL index : Collections.list(OpenAi.class.getClassLoader().getResources("META-INF/extensions.idx"))) {
                try (InputStream lines = index.openStream()) {
                    new String(lines.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> line.startsWith(OpenAi.class.getPackageName()))
                            .map(Bundle::create)
                            .forEach(providers::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return providers;
    }

    /** {@return a new object of the class of this provider} */
    static Provider named(String name) {
        return providers().stream()
                .filter(provider -> provider.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Provider create(String className) {
        try {
            return Class.forName(className)
                    .asSubclass(Provider.class)
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(className, e);
        }
    }
}
