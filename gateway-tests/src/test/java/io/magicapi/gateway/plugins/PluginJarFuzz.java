package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A jar, or a manifest in one, is taken or refused with a coded message; nothing is thrown. */
public final class PluginJarFuzz {

    /** As of a gateway that nothing is configured for: it looks at signatures. */
    private static final JarInspector INSPECTOR =
            new JarInspector("0.1.0", GatewayConfig.defaults().plugins());

    private PluginJarFuzz() {}

    /** The input is a manifest, or a whole jar if it begins like one. */
    public static void fuzzerTestOneInput(byte[] input) {
        try {
            Path jar = Files.createTempFile("fuzz", ".jar");
            try {
                if (input.length > 1 && input[0] == 'P' && input[1] == 'K') {
                    Files.write(jar, input);
                } else {
                    write(jar, input);
                }
                String message = INSPECTOR.inspect(jar).fold(PluginDescriptor::label, Rejection::toString);
                if (message.isBlank()) {
                    throw new AssertionError("a refusal without a word");
                }
            } finally {
                Files.delete(jar);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path jar, byte[] manifest) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new ZipEntry("META-INF/MANIFEST.MF"));
            zip.write(manifest);
            zip.putNextEntry(new ZipEntry("META-INF/extensions.idx"));
            zip.write("com.acme.Acme\n".getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
        }
    }
}
