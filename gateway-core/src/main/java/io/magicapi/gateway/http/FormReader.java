package io.magicapi.gateway.http;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.routing.MultipartPeek;
import io.magicapi.gateway.upstream.BodyPatience;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/** Reads a multipart upload until its {@code model} field is known. For one event loop; used once. */
final class FormReader {

    /**
     * What was read.
     *
     * @param peek knows the model, if there is one
     * @param read all bytes read so far
     * @param whole whether that is the whole body
     */
    record Form(MultipartPeek peek, Buffer read, boolean whole) {

        /** {@return what was read, with another model} */
        Buffer withModel(String model) {
            int start = (int) peek.modelStart();
            int end = (int) peek.modelEnd();
            return Buffer.buffer(read.length() + model.length())
                    .appendBuffer(read, 0, start)
                    .appendString(model)
                    .appendBuffer(read, end, read.length() - end);
        }
    }

    private FormReader() {}

    /**
     * Reads from a paused request, and leaves it paused.
     *
     * @param limit how much is held at most, in bytes; what lies behind it stays unread, and the model unknown
     * @return fails if the body is not multipart form data, or comes too slowly
     */
    static Future<Form> read(HttpServerRequest request, long limit, BodyPatience patience) {
        String boundary = MultipartPeek.boundary(
                        Optional.ofNullable(request.getHeader("content-type")).orElse(""))
                .orElseThrow(() -> new GatewayException(
                        ErrorCode.INVALID_REQUEST,
                        "Content-Type: multipart/form-data needs a boundary",
                        Optional.of("content-type")));
        MultipartPeek peek = new MultipartPeek(boundary);
        Buffer read = Buffer.buffer();
        Promise<Form> form = Promise.promise();
        Deadline deadline = patience.start(form::tryFail);
        request.exceptionHandler(failure -> form.tryFail(BodyPatience.brokenOff(failure)));
        request.endHandler(end -> form.tryComplete(new Form(peek, read, true)));
        request.handler(chunk -> {
            deadline.progress(chunk.length());
            read.appendBuffer(chunk);
            peek.feed(chunk);
            if (peek.malformed()) {
                form.tryFail(new GatewayException(ErrorCode.INVALID_REQUEST, "the body is not multipart form data"));
            } else if (peek.found() || read.length() > limit) {
                request.pause();
                form.tryComplete(new Form(peek, read, false));
            }
        });
        request.resume();
        return form.future().onComplete(done -> deadline.cancel());
    }
}
