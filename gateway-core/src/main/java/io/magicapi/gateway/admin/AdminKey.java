package io.magicapi.gateway.admin;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig.AdminKeySource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * The key that the admin API asks for.
 *
 * @param secret the key itself
 * @param source where it came from, for people; empty if it was made for this start
 */
public record AdminKey(Secret secret, Optional<String> source) {

    private static final String USUAL_VARIABLE = "GATEWAY_ADMIN_KEY";

    /** What is shorter can be guessed. */
    private static final int MIN_LENGTH = 16;

    private static final int RANDOM_BYTES = 32;

    /**
     * {@return the key that the operator has given; empty if none} Reads a file, so call it off the event loop.
     *
     * @throws AdminStartException if one is named, and it is not there or too short
     */
    public static Optional<AdminKey> given(AdminKeySource named, Map<String, String> environment) {
        if (named.file().isPresent()) {
            Path file = named.file().get();
            return Optional.of(given("file " + file, "admin.key.file", read(file)));
        }
        if (named.env().isPresent()) {
            String variable = named.env().get();
            return Optional.of(given(variable, "admin.key.env", environment.getOrDefault(variable, "")));
        }
        String usual = environment.getOrDefault(USUAL_VARIABLE, "");
        return usual.isBlank() ? Optional.empty() : Optional.of(given(USUAL_VARIABLE, "admin.key", usual));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }

    private static AdminKey given(String source, String setting, String value) {
        String key = value.strip();
        if (key.isEmpty()) {
            throw AdminStartException.key(
                    "the admin API has no key: " + source + " (" + setting + ") is unset, unreadable or empty. Set it,"
                            + " or remove " + setting + ": then each start makes a key for this machine.");
        }
        if (key.length() < MIN_LENGTH || !key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw AdminStartException.key("the admin API's key in " + source + " must be at least " + MIN_LENGTH
                    + " characters, without spaces and in ASCII. Make one: openssl rand -hex 32");
        }
        return new AdminKey(Secret.of(key), Optional.of(source));
    }

    /** {@return a new key for one start} */
    static AdminKey random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(bytes);
        return new AdminKey(Secret.of(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes)), Optional.empty());
    }

    /** {@return whether this is the key; takes the same time for every wrong one} */
    boolean is(String candidate) {
        return MessageDigest.isEqual(hash(candidate), hash(secret.reveal()));
    }

    private static byte[] hash(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
