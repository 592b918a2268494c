package io.magicapi.gateway.cli;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs what is asynchronous from the command line's one thread. */
final class Work {

    private Work() {}

    /**
     * {@return the result of some work that needs a Vert.x instance for a moment} The instance is closed when the
     * work is done.
     *
     * @throws RuntimeException as the work failed
     */
    static <T> T with(Function<Vertx, Future<T>> work) {
        // Without cache and class path lookup, no temporary directory is created.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(2)
                .setInternalBlockingPoolSize(2)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        try {
            return await(work.apply(vertx));
        } finally {
            // Not chained to the work: a future bound to a closed instance's context never completes.
            await(vertx.close());
        }
    }

    /**
     * {@return what a future completes with, after waiting for it}
     *
     * @throws RuntimeException the future's own failure, wrapped if it is checked
     */
    static <T> T await(Future<T> future) {
        CompletableFuture<T> completable = future.toCompletionStage().toCompletableFuture();
        try {
            return completable.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            throw new WorkFailure(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WorkFailure(e);
        }
    }

    /** Wraps a checked failure. */
    static final class WorkFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        WorkFailure(@Nullable Throwable cause) {
            super(cause);
        }
    }
}
