package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ProviderException.Kind;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.pf4j.Extension;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Providers that break one rule of the contract each. */
public final class BadProviders {

    private BadProviders() {}

    /** Declares what {@link TranslatingProvider} does, and a server that speaks OpenAI's format but in one thing. */
    static Abilities translating(Wire wire) {
        return Abilities.translated(wire)
                .streaming()
                .tools()
                .vision()
                .operations(Operation.CHAT_COMPLETIONS)
                .keyHeader("x-api-key", "");
    }

    /** Changes the bodies of chats. */
    public abstract static class Changing extends GoodProvider {

        abstract Body changed(Call call);

        @Override
        public Exchange open(Call call) {
            Body body = call.operation().equals(Operation.CHAT_COMPLETIONS) ? changed(call) : call.body();
            return Exchange.of(
                    UpstreamRequest.of(call.method(), path(call), processHeaders(call.headers(), call), body));
        }
    }

    static final Abilities TRANSLATING = Abilities.translated(Wire.openAi()).keyHeader("x-api-key", "");

    static final Abilities TRANSLATING_ALL = translating(Wire.openAi());

    static final Abilities FOREIGN = translating(new ForeignWire());

    /** A provider, what is declared of it, and the rule it breaks. */
    record Case(String rule, Class<? extends Provider> type, Abilities abilities) {}

    static List<Case> all() {
        return List.of(
                new Case("P01", NameWithASpace.class, Abilities.passThrough()),
                new Case("P02", SlashAtTheEnd.class, Abilities.passThrough()),
                new Case("P03", OperationTwice.class, Abilities.passThrough()),
                new Case("P04", ModelTwice.class, Abilities.passThrough()),
                new Case("P05", KeyVariableOfNoShell.class, Abilities.passThrough()),
                new Case("P06", NotPublic.class, Abilities.passThrough()),
                new Case("P07", BlocksWithoutSayingSo.class, Abilities.passThrough()),
                new Case("P08", CannotStop.class, Abilities.passThrough()),
                new Case("P09", OneHomeOnly.class, Abilities.passThrough()),
                new Case("P10", NoQuery.class, Abilities.passThrough()),
                new Case("P11", KeyTwice.class, Abilities.passThrough()),
                new Case("P12", FirstKeyForAll.class, Abilities.passThrough()),
                new Case("P12", KeyInAField.class, Abilities.passThrough()),
                new Case("P13", NoKeyNoMatter.class, Abilities.passThrough()),
                new Case("P14", SetsTheHost.class, Abilities.passThrough()),
                new Case("P15", TellsWhoAsks.class, Abilities.passThrough()),
                new Case("P16", OwnHeadersOnly.class, Abilities.passThrough()),
                new Case("P17", NoTinyTemperature.class, Abilities.passThrough()),
                new Case("P18", AsksForUsage.class, Abilities.passThrough()),
                new Case("P19", NotSoStrict.class, Abilities.passThrough()),
                new Case("P20", LowerDetail.class, Abilities.passThrough()),
                new Case("P21", ToolsUnasked.class, TRANSLATING.streaming().vision()),
                new Case("P22", SureOfMessages.class, Abilities.passThrough()),
                new Case("P23", WritesIntoTheCall.class, Abilities.passThrough()),
                new Case("P24", NoEmbeddingsAfterAll.class, Abilities.passThrough()),
                new Case("P25", LooksIntoUploads.class, Abilities.passThrough()),
                new Case(
                        "P26",
                        ServesAnything.class,
                        Abilities.passThrough().operations(Operation.CHAT_COMPLETIONS, Operation.EMBEDDINGS)),
                new Case("P27", PlainAsItComes.class, FOREIGN),
                new Case("P28", NoFinishReason.class, FOREIGN),
                new Case("P29", NamelessTool.class, FOREIGN),
                new Case("P30", NoRemainder.class, FOREIGN),
                new Case("P31", WholeAnyway.class, FOREIGN),
                new Case("P32", KeepsTheFaultToItself.class, FOREIGN),
                new Case("P33", RefusalsAsTheyCome.class, FOREIGN),
                new Case("P34", NeverGivesUp.class, Abilities.passThrough()),
                new Case("P35", UsageElsewhere.class, Abilities.passThrough()),
                new Case("P36", SleepsAtFirst.class, Abilities.passThrough()),
                new Case("P37", SlowFirstStream.class, Abilities.passThrough()),
                new Case("P38", SendsItTwice.class, Abilities.passThrough()),
                new Case("P39", LogsTheKey.class, Abilities.passThrough()),
                new Case("P40", PrintsTheKey.class, Abilities.passThrough()),
                new Case("P43", KnowsListedModelsOnly.class, Abilities.passThrough()),
                new Case("P43", SleepsOverModels.class, Abilities.passThrough()),
                new Case("P43", ForgetsWhatWasBegun.class, TRANSLATING_ALL));
    }

    @Extension
    public static class NameWithASpace extends GoodProvider {

        @Override
        public String name() {
            return "Acme AI";
        }
    }

    @Extension
    public static class SlashAtTheEnd extends GoodProvider {

        @Override
        public String baseUrl() {
            return "https://api.acme.test/";
        }
    }

    @Extension
    public static class OperationTwice extends GoodProvider {

        @Override
        public List<Operation> operations() {
            return List.of(Operation.CHAT_COMPLETIONS, Operation.CHAT_COMPLETIONS);
        }
    }

    @Extension
    public static class ModelTwice extends GoodProvider {

        @Override
        public List<Model> models() {
            return catalogue("[{\"id\":\"acme-1\"},{\"id\":\"acme-1\"}]");
        }
    }

    @Extension
    public static class KeyVariableOfNoShell extends GoodProvider {

        @Override
        public Optional<String> keyVariable() {
            return Optional.of("acme-key");
        }
    }

    @Extension
    static class NotPublic extends GoodProvider {

        public NotPublic() {}
    }

    @Extension
    public static class BlocksWithoutSayingSo extends GoodProvider {

        @Override
        public boolean blocking() {
            return true;
        }
    }

    @Extension
    public static class CannotStop extends GoodProvider {

        @Override
        public void stop() {
            throw new IllegalStateException("not now");
        }
    }

    @Extension
    public static class OneHomeOnly extends GoodProvider {

        @Override
        public void start(ProviderContext context) {
            if (!context.baseUrl().equals(baseUrl())) {
                throw new IllegalArgumentException("there is no other Acme");
            }
        }
    }

    @Extension
    public static class NoQuery extends GoodProvider {

        @Override
        public String path(Call call) {
            return call.path().replaceFirst("\\?.*", "");
        }
    }

    @Extension
    public static class KeyTwice extends GoodProvider {

        @Override
        public Headers processHeaders(Headers client, Call call) {
            return super.processHeaders(client, call)
                    .with("x-api-key", call.credential().orElseThrow().reveal());
        }
    }

    @Extension
    public static class FirstKeyForAll extends GoodProvider {

        private volatile @Nullable Headers first;

        @Override
        public Headers processHeaders(Headers client, Call call) {
            Headers mine = super.processHeaders(client, call);
            Headers kept = first;
            if (kept == null) {
                first = mine;
                return mine;
            }
            return mine.with("authorization", kept.get("authorization").orElseThrow());
        }
    }

    @Extension
    public static class KeyInAField extends GoodProvider {

        private volatile String key = "";

        @Override
        public Headers processHeaders(Headers client, Call call) {
            Headers mine = super.processHeaders(client, call);
            key = mine.get("authorization").orElseThrow();
            LockSupport.parkNanos(1_000);
            return mine.with("authorization", key);
        }
    }

    @Extension
    public static class NoKeyNoMatter extends GoodProvider {

        @Override
        public Headers processHeaders(Headers client, Call call) {
            return call.credential().isPresent() ? super.processHeaders(client, call) : client;
        }
    }

    @Extension
    public static class SetsTheHost extends GoodProvider {

        @Override
        public Headers processHeaders(Headers client, Call call) {
            return super.processHeaders(client, call).with("host", "api.acme.test");
        }
    }

    @Extension
    public static class TellsWhoAsks extends GoodProvider {

        @Override
        public Headers processHeaders(Headers client, Call call) {
            return super.processHeaders(client, call).with("x-forwarded-for", "203.0.113.7");
        }
    }

    @Extension
    public static class OwnHeadersOnly extends GoodProvider {

        @Override
        public Headers processHeaders(Headers client, Call call) {
            Headers all = super.processHeaders(client, call);
            return Headers.of("authorization", all.get("authorization").orElseThrow())
                    .with("content-type", all.get("content-type").orElse("application/json"));
        }
    }

    @Extension
    public static class NoTinyTemperature extends Changing {

        @Override
        Body changed(Call call) {
            JsonNode copy = call.body().json().deepCopy();
            if (copy instanceof ObjectNode body && body.path("temperature").asDouble(1) < 1e-6) {
                body.put("temperature", 0);
                return Body.of(body);
            }
            return call.body();
        }
    }

    @Extension
    public static class AsksForUsage extends Changing {

        @Override
        Body changed(Call call) {
            JsonNode copy = call.body().json().deepCopy();
            if (copy instanceof ObjectNode body && call.stream()) {
                body.putObject("stream_options").put("include_usage", true);
                return Body.of(body);
            }
            return call.body();
        }
    }

    @Extension
    public static class NotSoStrict extends Changing {

        @Override
        Body changed(Call call) {
            JsonNode copy = call.body().json().deepCopy();
            if (copy instanceof ObjectNode body
                    && body.at("/tools/0/function") instanceof ObjectNode function
                    && function.has("strict")) {
                function.remove("strict");
                return Body.of(body);
            }
            return call.body();
        }
    }

    @Extension
    public static class LowerDetail extends Changing {

        @Override
        Body changed(Call call) {
            JsonNode copy = call.body().json().deepCopy();
            if (copy instanceof ObjectNode body
                    && body.at("/messages/0/content/1/image_url") instanceof ObjectNode image
                    && image.has("detail")) {
                image.remove("detail");
                return Body.of(body);
            }
            return call.body();
        }
    }

    @Extension
    public static class ToolsUnasked extends TranslatingProvider {}

    @Extension
    public static class SureOfMessages extends Changing {

        @Override
        Body changed(Call call) {
            call.body().json().get("messages").get(0).get("content").asText();
            return call.body();
        }
    }

    @Extension
    public static class WritesIntoTheCall extends Changing {

        @Override
        Body changed(Call call) {
            ((ObjectNode) call.body().json()).put("user", "acme");
            return call.body();
        }
    }

    @Extension
    public static class NoEmbeddingsAfterAll extends GoodProvider {

        @Override
        public String path(Call call) {
            if (call.operation().equals(Operation.EMBEDDINGS)) {
                throw new ProviderException(Kind.UNSUPPORTED, "not yet");
            }
            return call.path();
        }
    }

    @Extension
    public static class LooksIntoUploads extends GoodProvider {

        @Override
        public String path(Call call) {
            call.body().bytes();
            return call.path();
        }
    }

    @Extension
    public static class ServesAnything extends GoodProvider {

        @Override
        public List<Operation> operations() {
            return List.of();
        }
    }

    @Extension
    public static class NeverGivesUp extends GoodProvider {

        @Override
        public boolean retryable(ResponseHead head) {
            return true;
        }
    }

    @Extension
    public static class UsageElsewhere extends GoodProvider {

        @Override
        public List<String> usagePointers() {
            return List.of("/meta/tokens");
        }
    }

    @Extension
    public static class SleepsAtFirst extends GoodProvider {

        private volatile boolean awake;

        @Override
        public String path(Call call) {
            if (!awake) {
                awake = true;
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
            }
            return call.path();
        }
    }

    @Extension
    public static class SlowFirstStream extends GoodProvider {

        private volatile boolean warm;

        @Override
        public CompletionStage<Exchange> openAsync(Call call) {
            CompletionStage<Exchange> opened = super.openAsync(call);
            if (warm || !call.stream()) {
                return opened;
            }
            warm = true;
            return opened.thenApplyAsync(exchange -> exchange, CompletableFuture.delayedExecutor(3, TimeUnit.SECONDS));
        }
    }

    @Extension
    public static class SendsItTwice extends GoodProvider {

        private final List<Socket> sockets = new CopyOnWriteArrayList<>();
        private volatile URI home = URI.create(baseUrl());

        @Override
        public void start(ProviderContext context) {
            home = URI.create(context.baseUrl());
        }

        @Override
        public Exchange open(Call call) {
            Exchange exchange = super.open(call);
            if (call.stream()) {
                try {
                    Socket socket = new Socket(home.getHost(), home.getPort());
                    sockets.add(socket);
                    String body =
                            StandardCharsets.UTF_8.decode(call.body().bytes()).toString();
                    socket.getOutputStream()
                            .write(("POST / HTTP/1.1\r\nhost: acme\r\ncontent-length: " + body.length() + "\r\n\r\n"
                                            + body)
                                    .getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return exchange;
        }

        @Override
        public void stop() {
            sockets.forEach(socket -> {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @Extension
    public static class LogsTheKey extends GoodProvider {

        private static final Logger log = LoggerFactory.getLogger(LogsTheKey.class);

        @Override
        public Headers processHeaders(Headers client, Call call) {
            Headers all = super.processHeaders(client, call);
            log.debug("sending {}", all.get("authorization").orElseThrow());
            return all;
        }
    }

    @Extension
    public static class PrintsTheKey extends GoodProvider {

        private volatile String last = "";

        @Override
        public Headers processHeaders(Headers client, Call call) {
            Headers all = super.processHeaders(client, call);
            last = all.get("authorization").orElseThrow();
            return all;
        }

        @Override
        public String toString() {
            return "acme, last called with " + last;
        }
    }

    @Extension
    public static class PlainAsItComes extends ForeignProvider {

        @Override
        Body answer(Body received) {
            if (received.json().has("use")) {
                return super.answer(received);
            }
            ObjectNode answer = received.json().deepCopy();
            answer.set("usage", super.answer(received).json().path("usage"));
            return Body.of(answer);
        }
    }

    @Extension
    public static class NoFinishReason extends ForeignProvider {

        @Override
        void translate(Frame frame, FrameSink sink) {
            super.translate(frame, new Changed(sink) {
                @Override
                public void event(JsonNode chunk) {
                    if (!chunk.at("/choices/0/finish_reason").asText("").equals("stop")) {
                        super.event(chunk);
                    }
                }
            });
        }
    }

    @Extension
    public static class NamelessTool extends ForeignProvider {

        @Override
        void translate(Frame frame, FrameSink sink) {
            super.translate(frame, new Changed(sink) {
                @Override
                public void event(JsonNode chunk) {
                    if (chunk.at("/choices/0/delta/tool_calls/0/function") instanceof ObjectNode function) {
                        function.remove("name");
                    }
                    super.event(chunk);
                }
            });
        }
    }

    /** Passes on what it is given. */
    private static class Changed implements FrameSink {

        private final FrameSink sink;

        Changed(FrameSink sink) {
            this.sink = sink;
        }

        @Override
        public void event(JsonNode chunk) {
            sink.event(chunk);
        }

        @Override
        public void done() {
            sink.done();
        }

        @Override
        public void error(String message, String type) {
            sink.error(message, type);
        }
    }

    /** Takes what comes at once for whole lines. */
    @Extension
    public static class NoRemainder extends ForeignProvider {

        @Override
        FrameDecoder decoder() {
            return new FrameDecoder() {
                @Override
                public void feed(ByteBuffer bytes, Consumer<Frame> frames) {
                    for (String line :
                            StandardCharsets.UTF_8.decode(bytes).toString().split("\n", -1)) {
                        if (!line.isBlank()) {
                            frames.accept(Frame.of("", line.getBytes(StandardCharsets.UTF_8)));
                        }
                    }
                }

                @Override
                public void end(Consumer<Frame> frames) {}
            };
        }
    }

    /** Ends a stream as if it were whole, when it ends. */
    @Extension
    public static class WholeAnyway extends ForeignProvider {

        @Override
        FrameDecoder decoder() {
            FrameDecoder lines = super.decoder();
            return new FrameDecoder() {
                @Override
                public void feed(ByteBuffer bytes, Consumer<Frame> frames) {
                    lines.feed(bytes, frames);
                }

                @Override
                public void end(Consumer<Frame> frames) {}
            };
        }

        @Override
        FrameTransform translation() {
            return new FrameTransform() {
                @Override
                public void onFrame(Frame frame, FrameSink sink) {
                    translate(frame, sink);
                }

                @Override
                public void onEnd(FrameSink sink) {
                    sink.done();
                }
            };
        }
    }

    @Extension
    public static class KeepsTheFaultToItself extends ForeignProvider {

        @Override
        void fault(String message, FrameSink sink) {
            sink.error("sorry", "acme_error");
        }
    }

    @Extension
    public static class RefusalsAsTheyCome extends ForeignProvider {

        @Override
        Body error(Body received) {
            return received;
        }
    }

    @Extension
    public static class KnowsListedModelsOnly extends GoodProvider {

        @Override
        public boolean continuesAnswers(String model) {
            return models().stream()
                    .filter(listed -> listed.id().equals(model))
                    .findFirst()
                    .orElseThrow()
                    .id()
                    .isEmpty();
        }
    }

    @Extension
    public static class SleepsOverModels extends GoodProvider {

        @Override
        public boolean continuesAnswers(String model) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(12));
            return false;
        }
    }

    @Extension
    public static class ForgetsWhatWasBegun extends TranslatingProvider {

        @Override
        public boolean continuesAnswers(String model) {
            return true;
        }

        @Override
        Body envelope(Call call) {
            ObjectNode request = call.body().json().deepCopy();
            if (request.path("messages") instanceof ArrayNode messages
                    && messages.path(messages.size() - 1).path("role").asText().equals("assistant")) {
                messages.remove(messages.size() - 1);
            }
            return Body.of(JsonNodeFactory.instance.objectNode().set("request", request));
        }
    }
}
