package io.magicapi.gateway.upstream;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.streams.WriteStream;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what has passed of an upload, so that it can be sent once more: in memory, and from a certain length on in a
 * temporary file that is gone when it is closed. For one event loop, which it never blocks.
 */
final class Spool {

    /** How much is read of the file at a time. */
    private static final int PART = 64 * 1024;

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
     * @param wanted asked before each part: whether the target still wants it
     * @return completes when it was taken; not if the target is reset or wants it no longer
     */
    Future<Void> sendTo(WriteStream<Buffer> target, BooleanSupplier wanted) {
        Promise<Void> sent = Promise.promise();
        written.onFailure(sent::fail).onSuccess(done -> {
            AsyncFile source = file;
            if (source == null) {
                sendMemory(target, wanted, sent);
            } else {
                sendFile(source, 0, target, wanted, sent);
            }
        });
        return sent.future();
    }

    private void sendFile(
            AsyncFile source, long position, WriteStream<Buffer> target, BooleanSupplier wanted, Promise<Void> sent) {
        if (!wanted.getAsBoolean()) {
            return;
        }
        source.read(Buffer.buffer(PART), 0, position, PART)
                .onFailure(sent::tryFail)
                .onSuccess(part -> {
                    if (part.length() == 0) {
                        sendMemory(target, wanted, sent);
                    } else if (wanted.getAsBoolean()) {
                        target.write(part);
                        whenTaken(target, () -> sendFile(source, position + part.length(), target, wanted, sent));
                    }
                });
    }

    private void sendMemory(WriteStream<Buffer> target, BooleanSupplier wanted, Promise<Void> sent) {
        if (wanted.getAsBoolean()) {
            target.write(memory.copy());
            whenTaken(target, sent::tryComplete);
        }
    }

    private static void whenTaken(WriteStream<Buffer> target, Runnable next) {
        if (target.writeQueueFull()) {
            target.drainHandler(drained -> next.run());
        } else {
            next.run();
        }
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
