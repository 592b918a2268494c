package io.magicapi.gateway.upstream;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.streams.WriteStream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what has passed of an upload, so that it can be sent once more: in memory, and from a certain length on in a
 * temporary file that is gone when it is closed. For one event loop, which it never blocks.
 */
final class Spool {

    private final Vertx vertx;
    private final long inMemory;
    private Buffer memory = Buffer.buffer();
    private @Nullable AsyncFile file;
    private Future<?> written = Future.succeededFuture();
    private long length;
    private boolean closed;

    /**
     * Nothing is kept yet.
     *
     * @param inMemory how many bytes are kept in memory
     */
    Spool(Vertx vertx, long inMemory) {
        this.vertx = vertx;
        this.inMemory = inMemory;
    }

    /** {@return how many bytes are kept} */
    long length() {
        return length;
    }

    /**
     * Keeps some more.
     *
     * @return whether the next bytes should wait for {@link #written}
     */
    boolean append(Buffer bytes) {
        length += bytes.length();
        memory.appendBuffer(bytes);
        if (length > inMemory && written.isComplete()) {
            written = moveToFile();
        }
        return !written.isComplete();
    }

    /** {@return completes when all that was kept is where it belongs; fails if the file cannot be written} */
    Future<?> written() {
        return written;
    }

    private Future<?> moveToFile() {
        Buffer moved = memory;
        memory = Buffer.buffer();
        return open().compose(target -> target.write(moved));
    }

    private Future<AsyncFile> open() {
        if (file != null) {
            return Future.succeededFuture(file);
        }
        return vertx.fileSystem()
                .createTempFile("gateway-upload", null)
                .compose(path -> vertx.fileSystem()
                        .open(path, new OpenOptions().setRead(true).setDeleteOnClose(true)))
                .onSuccess(opened -> {
                    file = opened;
                    if (closed) {
                        opened.close();
                    }
                });
    }

    /**
     * Sends all that was kept, at the pace of the target.
     *
     * @return completes when it was taken; not if the target is reset before
     */
    Future<Void> sendTo(WriteStream<Buffer> target) {
        return written.compose(done -> fileTo(target)).compose(done -> {
            if (memory.length() > 0) {
                target.write(memory);
            }
            return drained(target);
        });
    }

    private Future<Void> fileTo(WriteStream<Buffer> target) {
        AsyncFile source = file;
        if (source == null) {
            return Future.succeededFuture();
        }
        Promise<Void> sent = Promise.promise();
        source.setReadPos(0);
        source.exceptionHandler(sent::tryFail);
        source.endHandler(end -> sent.tryComplete());
        source.handler(bytes -> {
            target.write(bytes);
            if (target.writeQueueFull()) {
                source.pause();
                target.drainHandler(drained -> source.resume());
            }
        });
        source.resume();
        return sent.future();
    }

    private static Future<Void> drained(WriteStream<Buffer> target) {
        if (!target.writeQueueFull()) {
            return Future.succeededFuture();
        }
        Promise<Void> drained = Promise.promise();
        target.drainHandler(done -> drained.tryComplete());
        return drained.future();
    }

    /** Forgets all of it. */
    void close() {
        closed = true;
        memory = Buffer.buffer();
        if (file != null) {
            file.close();
        }
    }
}
