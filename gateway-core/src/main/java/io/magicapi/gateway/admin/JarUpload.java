package io.magicapi.gateway.admin;

import io.magicapi.gateway.admin.AdminRefusal.Reason;
import io.magicapi.gateway.plugins.JarInspector;
import io.magicapi.gateway.plugins.PluginDescriptor;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.PluginStatus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a jar into the drop folder: under a hidden name that the folder's watcher does not look at, then inspected, then
 * renamed in one step to what its manifest says, then loaded. A jar that is refused on the way leaves nothing behind.
 *
 * <p>For the event loop; files are inspected and renamed on a worker thread, one after the other.
 */
final class JarUpload {

    private static final Logger AUDIT = LoggerFactory.getLogger("io.magicapi.gateway.audit");

    private static final long MAX_BYTES = 128L << 20;

    /**
     * A jar in the drop folder.
     *
     * @param isNew whether it was not there before
     */
    private record Arrived(Path file, boolean isNew) {}

    private final Vertx vertx;
    private final Path folder;
    private final Supplier<JarInspector> inspectors;
    private final PluginRegistry plugins;

    JarUpload(Vertx vertx, Path folder, Supplier<JarInspector> inspectors, PluginRegistry plugins) {
        this.vertx = vertx;
        this.folder = folder;
        this.inspectors = inspectors;
        this.plugins = plugins;
    }

    /**
     * {@return how the plugin stands then; fails with why the jar is refused}
     *
     * @param length what the request announces
     */
    Future<PluginStatus> take(HttpServerRequest request, long length, String by) {
        if (length == 0) {
            throw new AdminRefusal(
                    Reason.LENGTH_REQUIRED,
                    "the request has no body. Send the jar itself: curl --data-binary @acme-1.0.0.jar …");
        }
        if (length > MAX_BYTES) {
            throw new AdminRefusal(
                    Reason.TOO_LARGE,
                    "the jar is " + length + " bytes, the most that is taken is " + MAX_BYTES
                            + ". Copy it into the plugins folder instead.");
        }
        request.pause();
        Path part = folder.resolve(
                ".upload-" + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".part");
        return vertx.fileSystem()
                .open(part.toString(), new OpenOptions().setRead(false).setCreateNew(true))
                .compose(request::pipeTo)
                .compose(received -> vertx.executeBlocking(() -> accept(part)))
                .onFailure(failure -> audit(failure, by))
                .eventually(() -> remove(part))
                .compose(arrived -> plugins.load(arrived.file(), by)
                        .recover(refusal -> arrived.isNew()
                                ? remove(arrived.file()).transform(removed -> Future.failedFuture(refusal))
                                : Future.failedFuture(refusal)));
    }

    private Arrived accept(Path part) throws IOException {
        PluginDescriptor plugin = inspectors
                .get()
                .inspect(part, "the uploaded jar")
                .<PluginDescriptor>fold(found -> found, refused -> {
                    throw AdminRefusal.of(refused);
                });
        Optional<Path> same = plugins.status().stream()
                .filter(status -> status.sha256().equals(Optional.of(plugin.sha256())))
                .flatMap(status -> status.file().stream())
                .filter(Files::exists)
                .findFirst();
        if (same.isPresent()) {
            return new Arrived(same.get(), false);
        }
        Path file = folder.resolve(plugin.id() + "-" + plugin.version() + ".jar");
        if (Files.exists(file)) {
            throw new AdminRefusal(
                    Reason.VERSION_TAKEN,
                    file.getFileName() + " is in the plugins folder already, with another content. Give the new build a"
                            + " version of its own, or replace the file there.");
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        return new Arrived(file, true);
    }

    /** What is refused before it reaches the folder, the registry never hears of. */
    private static void audit(Throwable failure, String by) {
        AUDIT.atInfo()
                .addKeyValue("action", "refuse")
                .addKeyValue("file", "(upload)")
                .addKeyValue("outcome", "refused")
                .addKeyValue("reason", failure instanceof AdminRefusal told ? told.reason() : "the upload broke off")
                .addKeyValue("by", by)
                .log("plugin refuse");
    }

    private Future<Void> remove(Path file) {
        return vertx.executeBlocking(() -> {
            Files.deleteIfExists(file);
            return null;
        });
    }
}
