package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * AWS's shared credentials file: sections in brackets, in each lines such as {@code aws_access_key_id = AKIA…} (AWS
 * SDKs and Tools Reference Guide, "Shared config and credentials files").
 */
final class CredentialsFile {

    private CredentialsFile() {}

    /**
     * {@return the access key of one profile}
     *
     * @throws IllegalArgumentException if the file cannot be read, has no such profile, or no access key in it; names no
     *     value
     */
    static AccessKey read(Path file, String profile) {
        Map<String, String> settings = new HashMap<>();
        boolean found = false;
        boolean within = false;
        for (String line : lines(file)) {
            String text = line.strip();
            if (text.startsWith("[")) {
                within = text.startsWith("[" + profile + "]");
                found |= within;
            } else if (within && !text.startsWith("#") && !text.startsWith(";") && text.contains("=")) {
                int sign = text.indexOf('=');
                settings.put(
                        text.substring(0, sign).strip(),
                        text.substring(sign + 1).strip());
            }
        }
        if (!found) {
            throw new IllegalArgumentException(file + " has no profile [" + profile + "]");
        }
        return new AccessKey(
                required(settings, "aws_access_key_id", file, profile).reveal(),
                required(settings, "aws_secret_access_key", file, profile),
                secret(settings, "aws_session_token"));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the credentials file " + file + " cannot be read: "
                            + e.getClass().getSimpleName(),
                    e);
        }
    }

    private static Secret required(Map<String, String> settings, String name, Path file, String profile) {
        return secret(settings, name)
                .orElseThrow(() ->
                        new IllegalArgumentException(file + " has no " + name + " in its profile [" + profile + "]"));
    }

    private static Optional<Secret> secret(Map<String, String> settings, String name) {
        return Optional.ofNullable(settings.get(name))
                .filter(value -> !value.isEmpty())
                .map(Secret::of);
    }
}
