package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.AttemptRecord;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Has a plugin translate an upstream's stream, and hands on what it makes of it to the answer that knows OpenAI's chat
 * streams: whatever a plugin does, its stream ends whole or visibly broken.
 *
 * <p>A provider that blocks translates on worker threads, one part after the other: the upstream waits meanwhile, and
 * what it had sent before is kept.
 */
final class TranslatedStream implements Answer {

    private final PluginBoundary boundary;
    private final ProviderGeneration generation;
    private final FrameTranslator translator;
    private final ClientSide client;
    private final Answer stream;
    private boolean translating;

    /** What came while a part was being translated: bytes, and then perhaps an end. */
    private Buffer waiting = Buffer.buffer();

    private boolean endLater;
    private @Nullable GatewayException cutLater;

    /**
     * An answer of which nothing has come.
     *
     * @param stream what the translation is handed to
     */
    TranslatedStream(
            PluginBoundary boundary,
            ProviderGeneration generation,
            FrameTranslator translator,
            ClientSide client,
            Answer stream) {
        this.boundary = boundary;
        this.generation = generation;
        this.translator = translator;
        this.client = client;
        this.stream = stream;
    }

    @Override
    public void chunk(Buffer bytes) {
        if (translating) {
            waiting.appendBuffer(bytes);
        } else {
            feed(bytes);
        }
    }

    private void feed(Buffer bytes) {
        translate(part -> part.feed(bytes), this::goOn);
    }

    @Override
    public void end() {
        if (translating) {
            endLater = true;
        } else {
            translate(FrameTranslator::end, stream::end);
        }
    }

    private void goOn() {
        if (waiting.length() > 0) {
            Buffer next = waiting;
            waiting = Buffer.buffer();
            feed(next);
        } else if (cutLater != null) {
            stream.cut(cutLater);
        } else if (endLater) {
            endLater = false;
            end();
        }
    }

    /** What came before the cut goes first, even if it is being translated yet. */
    @Override
    public void cut(GatewayException cause) {
        if (translating) {
            cutLater = cause;
        } else {
            stream.cut(cause);
        }
    }

    @Override
    public void settle(AttemptRecord record) {
        waiting = Buffer.buffer(); // the plugin may be gone by the time it could be translated
        endLater = false;
        stream.settle(record);
    }

    private void translate(Consumer<FrameTranslator> step, Runnable then) {
        Future<PluginBoundary.Translated> translated = boundary.translate(generation, translator, step);
        boolean waits = !translated.isComplete();
        if (waits) {
            translating = true;
            client.hold();
        }
        translated.onComplete(done -> {
            if (waits) {
                translating = false;
                client.release();
            }
            if (done.failed()) {
                stream.cut((GatewayException) done.cause());
                return;
            }
            PluginBoundary.Translated part = done.result();
            if (part.events().length() > 0) {
                stream.chunk(part.events());
            }
            part.failure().ifPresentOrElse(stream::cut, then);
        });
    }
}
