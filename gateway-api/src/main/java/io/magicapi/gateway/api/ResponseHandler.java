package io.magicapi.gateway.api;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is to become of an upstream's answer on its way to the client. Made by the factories here and read by the
 * gateway; further kinds may be added. Immutable, but for the state of the transforms in it.
 */
public final class ResponseHandler {

    private static final ResponseHandler PASS_THROUGH = new ResponseHandler(null, null, null, null, null);

    private final @Nullable BodyTransform body;
    private final @Nullable FrameTransform frames;
    private final @Nullable FrameDecoder decoder;
    private final @Nullable Headers headers;
    private final @Nullable String warning;

    private ResponseHandler(
            @Nullable BodyTransform body,
            @Nullable FrameTransform frames,
            @Nullable FrameDecoder decoder,
            @Nullable Headers headers,
            @Nullable String warning) {
        this.body = body;
        this.frames = frames;
        this.decoder = decoder;
        this.headers = headers;
        this.warning = warning;
    }

    /**
     * {@return what relays the answer as it comes, byte for byte}
     *
     * <p>An error whose body has not OpenAI's shape is given it.
     */
    public static ResponseHandler passThrough() {
        return PASS_THROUGH;
    }

    /** {@return what waits for the whole answer and sends what {@code transform} makes of it} */
    public static ResponseHandler body(BodyTransform transform) {
        return new ResponseHandler(Objects.requireNonNull(transform), null, null, null, null);
    }

    /** {@return what takes the answer for an event stream, and sends what {@code transform} makes of its events} */
    public static ResponseHandler events(FrameTransform transform) {
        return new ResponseHandler(null, Objects.requireNonNull(transform), null, null, null);
    }

    /** {@return the same for a stream whose framing {@code decoder} knows} */
    public static ResponseHandler frames(FrameDecoder decoder, FrameTransform transform) {
        return new ResponseHandler(
                null, Objects.requireNonNull(transform), Objects.requireNonNull(decoder), null, null);
    }

    /**
     * {@return the same, with other headers for the client than those the upstream sent}
     *
     * @param replaced all headers, under their names in OpenAI's API; the gateway passes on those that its policy knows,
     *     and adds its own
     */
    public ResponseHandler withHeaders(Headers replaced) {
        return new ResponseHandler(body, frames, decoder, Objects.requireNonNull(replaced), warning);
    }

    /**
     * {@return the same, with a remark for the client's developer in {@code x-gateway-warning}}
     *
     * @param text such as {@code field seed is not supported and was dropped}; printable ASCII, no values of the request
     */
    public ResponseHandler withWarning(String text) {
        return new ResponseHandler(body, frames, decoder, headers, Objects.requireNonNull(text));
    }

    /** {@return whether the bytes of a good answer stay as they are} */
    public boolean isPassThrough() {
        return body == null && frames == null;
    }

    /** {@return the transform of the whole body, if that is what is wanted} */
    public Optional<BodyTransform> bodyTransform() {
        return Optional.ofNullable(body);
    }

    /** {@return the transform of frames, if that is what is wanted} */
    public Optional<FrameTransform> frameTransform() {
        return Optional.ofNullable(frames);
    }

    /** {@return the decoder of frames; empty for an event stream} */
    public Optional<FrameDecoder> frameDecoder() {
        return Optional.ofNullable(decoder);
    }

    /** {@return the headers to use instead of the upstream's, if there are any} */
    public Optional<Headers> headers() {
        return Optional.ofNullable(headers);
    }

    /** {@return the remark for the client's developer, if there is one} */
    public Optional<String> warning() {
        return Optional.ofNullable(warning);
    }

    @Override
    public String toString() {
        return isPassThrough() ? "pass-through" : body != null ? "body" : decoder == null ? "events" : "frames";
    }
}
