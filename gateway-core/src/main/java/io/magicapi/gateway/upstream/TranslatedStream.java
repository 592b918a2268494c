package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.AttemptRecord;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Has a plugin translate an upstream's stream, and hands on what it makes of it to the answer that knows OpenAI's chat
 * streams: whatever a plugin does, its stream ends whole or visibly broken.
 *
 * <p>A provider that blocks translates on worker threads, one part after the other: the upstream waits meanwhile.
 */
final class TranslatedStream implements Answer {

    private final PluginBoundary boundary;
    private final ProviderGeneration generation;
    private final FrameTranslator translator;
    private final ClientSide client;
    private final Answer stream;
    private boolean translating;
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
        translate(part -> part.feed(bytes), () -> {});
    }

    @Override
    public void end() {
        translate(FrameTranslator::end, stream::end);
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
        stream.settle(record);
    }

    private void translate(Consumer<FrameTranslator> step, Runnable then) {
        Future<PluginBoundary.Translated> translated = boundary.translate(generation, translator, step);
        if (!translated.isComplete()) {
            translating = true;
            client.hold();
            translated.onComplete(done -> {
                translating = false;
                client.release();
            });
        }
        translated
                .onSuccess(part -> {
                    if (part.events().length() > 0) {
                        stream.chunk(part.events());
                    }
                    Optional.ofNullable(cutLater).or(part::failure).ifPresentOrElse(stream::cut, then);
                })
                .onFailure(failure -> stream.cut((GatewayException) failure));
    }
}
