package io.magicapi.gateway.testkit;

import io.netty.channel.ChannelOption;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a {@link FakeUpstream}: reads requests, plays one answer after the other. All of it happens on the
 * event loop of its socket.
 */
final class FakeConnection implements RequestParser.Listener {

    /** A request whose answer waits for its turn. */
    private record Turn(ReceivedRequest request, Answer answer) {}

    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private static final int FLOOD_AT_ONCE = 64 * 1024;

    private final FakeUpstream upstream;
    private final Vertx vertx;
    private final NetSocket socket;
    private final int number;
    private final RequestParser parser;
    private final Deque<Turn> waiting = new ArrayDeque<>();
    private @Nullable Answer chosen;
    private boolean answering;
    private boolean endedHere;
    private boolean ended;

    FakeConnection(FakeUpstream upstream, Vertx vertx, NetSocket socket, int number) {
        this.upstream = upstream;
        this.vertx = vertx;
        this.socket = socket;
        this.number = number;
        this.parser = new RequestParser(number, this);
    }

    void begin() {
        socket.handler(bytes -> {
            upstream.bytesReceived(bytes.length());
            parser.feed(bytes.getBytes());
        });
        socket.exceptionHandler(reset -> {}); // The close handler follows.
        socket.closeHandler(closed -> end());
    }

    private void end() {
        ended = true;
        ReceivedRequest unfinished = parser.unfinished();
        if (unfinished != null) {
            upstream.received(unfinished);
        }
        upstream.ended(this, endedHere ? null : new FakeUpstream.ClientClose(number, Instant.now(), answering));
    }

    // What the client sends

    @Override
    public void onHead(ReceivedRequest request) {
        Answer answer = upstream.nextAnswer();
        switch (answer.start()) {
            case AFTER_BODY -> {
                chosen = answer;
                if (request.headers("expect").stream().anyMatch("100-continue"::equalsIgnoreCase)) {
                    socket.write(Buffer.buffer(CONTINUE));
                }
            }
            case AT_HEAD -> play(new Turn(request, answer));
            case AT_HEAD_AND_READ_NO_MORE -> {
                socket.pause();
                play(new Turn(request, answer));
            }
        }
    }

    @Override
    public void onEnd(ReceivedRequest request) {
        upstream.received(request);
        Answer answer = chosen;
        chosen = null;
        if (answer != null) {
            play(new Turn(request, answer));
        }
    }

    @Override
    public void onGarbage(byte[] bytes) {
        upstream.garbage(bytes);
    }

    // What is answered

    private void play(Turn turn) {
        waiting.add(turn);
        playNext();
    }

    private void playNext() {
        Turn turn = answering || ended ? null : waiting.poll();
        if (turn == null) {
            return;
        }
        answering = true;
        run(steps(turn).iterator(), turn);
    }

    /** Runs the steps that are left, one after the other; a loop, since there may be thousands. */
    private void run(Iterator<Answer.Step> left, Turn turn) {
        while (!ended && left.hasNext()) {
            Future<Void> step = left.next().run(this);
            if (!step.succeeded()) {
                // A step that fails means that the connection is gone, amid this answer.
                step.onSuccess(done -> run(left, turn));
                return;
            }
        }
        answering = false;
        if (asksForEnd(turn.request())) {
            close();
        }
        playNext();
    }

    private static List<Answer.Step> steps(Turn turn) {
        try {
            return turn.answer().steps(turn.request());
        } catch (RuntimeException | AssertionError e) {
            return Faults.plainTextError(500, "the script of this fake upstream failed: " + e)
                    .steps(turn.request());
        }
    }

    private static boolean asksForEnd(ReceivedRequest request) {
        return request.version().equals("HTTP/1.0")
                || request.headers("connection").stream().anyMatch("close"::equalsIgnoreCase);
    }

    Future<Void> send(byte[] bytes) {
        return socket.write(Buffer.buffer(bytes)).onSuccess(written -> upstream.bytesSent(bytes.length));
    }

    Future<Void> pause(Duration pause) {
        return pause.toMillis() == 0
                ? Future.succeededFuture()
                : vertx.timer(pause.toMillis(), TimeUnit.MILLISECONDS).mapEmpty();
    }

    Future<Void> stall() {
        return Promise.<Void>promise().future();
    }

    /** Sends as much at a time as is worth a call, and the next when the system has taken it. */
    Future<Void> flood(byte[] unit, long total) {
        int units = Math.max(1, FLOOD_AT_ONCE / unit.length);
        Promise<Void> sent = Promise.promise();
        flood(unit, units, total, sent);
        return sent.future();
    }

    private void flood(byte[] unit, int unitsAtOnce, long missing, Promise<Void> sent) {
        if (missing <= 0 || ended) {
            sent.complete();
            return;
        }
        long units = Math.min(unitsAtOnce, (missing - 1) / unit.length + 1);
        Buffer wave = Buffer.buffer();
        for (long i = 0; i < units; i++) {
            wave.appendBytes(unit);
        }
        // By way of the context, so that the event loop gets to see the client leave.
        send(wave.getBytes())
                .onSuccess(taken ->
                        vertx.runOnContext(next -> flood(unit, unitsAtOnce, missing - units * unit.length, sent)))
                .onFailure(sent::fail);
    }

    Future<Void> close() {
        endedHere = true;
        return socket.close();
    }

    /** With nothing to linger for, the system sends RST instead of FIN. */
    Future<Void> reset() {
        ((NetSocketInternal) socket).channelHandlerContext().channel().config().setOption(ChannelOption.SO_LINGER, 0);
        return close();
    }
}
