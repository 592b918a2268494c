package io.magicapi.gateway.echo;

import io.magicapi.gateway.error.ErrorBody;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small OpenAI-compatible server on the loopback interface, at a port the system chooses. It is the upstream of the
 * built-in {@code echo} provider, which therefore takes the same way through the gateway as any other.
 *
 * <p>Of an upload only the beginning is held, so its size does not matter; any other body is held whole, up to a limit.
 */
public final class EchoServer {

    private static final Logger LOG = LoggerFactory.getLogger(EchoServer.class);

    private static final int LARGEST_BODY = 32 * 1024 * 1024;
    private static final int HELD_OF_UPLOADS = 64 * 1024;

    private final HttpServer server;

    private EchoServer(HttpServer server) {
        this.server = server;
    }

    /** {@return a server that answers as {@link EchoAnswers} says; fails if no port can be opened} */
    public static Future<EchoServer> start(Vertx vertx) {
        return start(vertx, EchoAnswers::answer);
    }

    /**
     * {@return a server that answers otherwise; fails if no port can be opened}
     *
     * @param answers called on an event loop with each complete request; what it throws becomes a 500
     */
    public static Future<EchoServer> start(Vertx vertx, Function<EchoRequest, EchoAnswer> answers) {
        HttpServerOptions options = new HttpServerOptions()
                .setHost("127.0.0.1")
                .setPort(0)
                .setMaxHeaderSize(64 * 1024)
                .setMaxInitialLineLength(16 * 1024)
                .setHandle100ContinueAutomatically(true)
                .setHttp2ClearTextEnabled(false);
        return vertx.createHttpServer(options)
                .requestHandler(request -> new Intake(request, answers).begin())
                .listen()
                .map(EchoServer::new);
    }

    /** {@return the port it listens on} */
    public int port() {
        return server.actualPort();
    }

    /** {@return the base URL for a provider: {@code http://127.0.0.1:49152}} */
    public String baseUrl() {
        return "http://127.0.0.1:" + port();
    }

    /** {@return completes when the port is closed} */
    public Future<Void> close() {
        return server.close();
    }

    /** Takes in one request, then answers it. */
    private static final class Intake {

        private final HttpServerRequest request;
        private final Function<EchoRequest, EchoAnswer> answers;
        private final ByteArrayOutputStream held = new ByteArrayOutputStream();
        private final boolean upload;
        private long length;

        Intake(HttpServerRequest request, Function<EchoRequest, EchoAnswer> answers) {
            this.request = request;
            this.answers = answers;
            String type = Optional.ofNullable(request.getHeader("content-type")).orElse("");
            this.upload = type.toLowerCase(Locale.ROOT).startsWith("multipart/");
        }

        void begin() {
            request.handler(this::take);
            request.endHandler(end -> answer());
            request.exceptionHandler(
                    gone -> LOG.atDebug().setCause(gone).log("the client left before its request was complete"));
        }

        private void take(Buffer part) {
            length += part.length();
            int room = (upload ? HELD_OF_UPLOADS : LARGEST_BODY) - held.size();
            held.writeBytes(part.length() <= room ? part.getBytes() : part.getBytes(0, room));
        }

        private void answer() {
            EchoAnswer answer;
            if (!upload && length > LARGEST_BODY) {
                answer = refusal(413, "the body is larger than " + LARGEST_BODY + " bytes", "request_too_large");
            } else {
                answer = answered();
            }
            HttpServerResponse response = request.response().setStatusCode(answer.status());
            answer.headers().forEach(response::putHeader);
            if (answer.stream()) {
                response.setChunked(true);
                answer.chunks().forEach(chunk -> response.write(Buffer.buffer(chunk)));
                response.end();
            } else {
                response.end(Buffer.buffer(answer.body()));
            }
        }

        private EchoAnswer answered() {
            String method = request.method().name();
            try {
                return answers.apply(
                        upload
                                ? EchoRequest.ofUpload(method, request.uri(), held.toByteArray(), length)
                                : EchoRequest.of(method, request.uri(), held.toByteArray()));
            } catch (RuntimeException e) {
                // Nobody else would answer, and the client would wait for ever.
                LOG.atError().setCause(e).log("no answer could be made");
                return refusal(500, "no answer could be made", "server_error");
            }
        }

        private static EchoAnswer refusal(int status, String message, String code) {
            return EchoAnswer.json(status, ErrorBody.of(message, "invalid_request_error", null, code));
        }
    }
}
