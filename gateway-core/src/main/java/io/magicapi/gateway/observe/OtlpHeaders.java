package io.magicapi.gateway.observe;

import io.magicapi.gateway.config.GatewayConfig.AdminKeySource;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The headers that go with each export: {@code name=value,name=value}, values URL-encoded, as OpenTelemetry has it. */
public final class OtlpHeaders {

    private static final Logger LOG = LoggerFactory.getLogger(OtlpHeaders.class);

    private OtlpHeaders() {}

    /** {@return the headers; none, and the log says so, if they are named and not there} Reads a file, so it blocks. */
    public static Map<String, String> read(AdminKeySource source, Map<String, String> environment) {
        String text = source.env()
                .map(name -> environment.getOrDefault(name, ""))
                .or(() -> source.file().map(OtlpHeaders::read))
                .orElse("");
        Map<String, String> headers = new LinkedHashMap<>();
        for (String pair : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                headers.put(
                        pair.substring(0, equals).strip(),
                        URLDecoder.decode(pair.substring(equals + 1).strip(), StandardCharsets.UTF_8));
            }
        }
        if (headers.isEmpty() && (source.env().isPresent() || source.file().isPresent())) {
            LOG.warn("observability.otlp-headers names no headers such as name=value; exports go without");
        }
        return headers;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
