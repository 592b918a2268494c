package io.magicapi.gateway.upstream;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.WriteStream;
import org.jspecify.annotations.Nullable;

/** Collects an answer that may be so long and no longer. What comes after that is dropped. */
final class LimitedBody implements WriteStream<Buffer> {

    private final int limit;
    private final Runnable whenTooLong;
    private final Buffer body = Buffer.buffer();

    /**
     * Nothing has come.
     *
     * @param limit in bytes
     * @param whenTooLong run for each chunk beyond it
     */
    LimitedBody(int limit, Runnable whenTooLong) {
        this.limit = limit;
        this.whenTooLong = whenTooLong;
    }

    /** {@return what has come} */
    Buffer body() {
        return body;
    }

    @Override
    public Future<Void> write(Buffer bytes) {
        if (bytes.length() > limit - body.length()) {
            whenTooLong.run();
        } else {
            body.appendBuffer(bytes);
        }
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> end() {
        return Future.succeededFuture();
    }

    @Override
    public LimitedBody setWriteQueueMaxSize(int size) {
        return this;
    }

    @Override
    public boolean writeQueueFull() {
        return false;
    }

    @Override
    public LimitedBody drainHandler(@Nullable Handler<Void> handler) {
        return this;
    }

    @Override
    public LimitedBody exceptionHandler(@Nullable Handler<Throwable> handler) {
        return this;
    }
}
