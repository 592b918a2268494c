package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import java.util.function.Supplier;

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
        translate(() -> translator.feed(bytes), this::handOn);
    }

    @Override
    public void end() {
        translate(translator::end, events -> {
            handOn(events);
            stream.end();
        });
    }

    @Override
    public void cut(GatewayException cause) {
        stream.cut(cause);
    }

    private void handOn(Buffer events) {
        if (events.length() > 0) {
            stream.chunk(events);
        }
    }

    private void translate(Supplier<Buffer> work, Consumer<Buffer> then) {
        Future<Buffer> translated = boundary.translate(generation, work);
        if (!translated.isComplete()) {
            client.hold();
            translated.onComplete(done -> client.release());
        }
        translated.onSuccess(then::accept).onFailure(failure -> stream.cut((GatewayException) failure));
    }
}
