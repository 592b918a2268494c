package io.magicapi.gateway.admin;

import io.magicapi.gateway.api.Secret;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.UUID;

/**
 * Where the admin API of a running gateway is. The gateway writes it into its data folder, readable for its own user
 * only, so that the command line of the same user finds it without configuration, and removes it when it stops. Reads
 * and writes files, so use it off the event loop.
 *
 * @param url such as {@code http://127.0.0.1:41234}
 * @param pid the gateway's process; a killed one leaves its file behind
 * @param key the key, if it was made for this start; one that was given is never written down
 */
public record AdminFile(URI url, long pid, Optional<Secret> key) {

    /** {@return where it is} */
    public static Path in(Path data) {
        return data.resolve("admin.json");
    }

    /**
     * {@return what a data folder tells; empty if no gateway has left anything there}
     *
     * @throws IOException if it cannot be read
     */
    public static Optional<AdminFile> read(Path data) throws IOException {
        try {
            JsonObject json = new JsonObject(Files.readString(in(data)));
            return Optional.of(new AdminFile(
                    URI.create(json.getString("url", "")),
                    json.getLong("pid", 0L),
                    Optional.ofNullable(json.getString("key")).map(Secret::of)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (DecodeException | ClassCastException | IllegalArgumentException e) {
            throw new IOException(in(data) + " is damaged", e);
        }
    }

    /** Writes it: whoever reads it meanwhile finds the one before. */
    void write(Path data) throws IOException {
        JsonObject json = new JsonObject().put("url", url.toString()).put("pid", pid);
        key.ifPresent(secret -> json.put("key", secret.reveal()));
        Path part = data.resolve("admin-" + UUID.randomUUID() + ".part");
        try {
            Files.createFile(part, ownersOnly(data));
            Files.writeString(part, json.encodePrettily() + "\n");
            Files.move(part, in(data), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static FileAttribute<?>[] ownersOnly(Path data) {
        return data.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Removes it, unless another gateway has written its own since. */
    void remove(Path data) throws IOException {
        if (read(data).equals(Optional.of(this))) {
            Files.deleteIfExists(in(data));
        }
    }
}
