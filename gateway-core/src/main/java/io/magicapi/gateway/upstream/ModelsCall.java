package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import io.vertx.ext.web.codec.BodyCodec;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Asks the upstream of one provider for its list of models, once, with a key that the gateway holds. Lives on one event
 * loop and holds the provider's lease until its end.
 *
 * <p>Not a {@link Relay}, which serves a client and ends with it. It has a connection of its own, which nobody else's
 * request waits for, and which is closed with it, whatever it is doing. No redirect is followed: the key stays with the
 * host it is for.
 */
final class ModelsCall {

    /** Of the upstream; the boundary has one for the plugin. */
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** The longest list known, OpenRouter's, has half a mebibyte. */
    private static final int MAX_LIST = 4 * 1024 * 1024;

    private static final int MAX_HEAD = 32 * 1024;

    private final Vertx vertx;
    private final PluginBoundary boundary;
    private final Lease lease;
    private final Promise<Buffer> list = Promise.promise();

    private @Nullable WebClient client;

    /** A call that has not begun. */
    ModelsCall(Vertx vertx, PluginBoundary boundary, Lease lease) {
        this.vertx = vertx;
        this.boundary = boundary;
        this.lease = lease;
    }

    private ProviderGeneration generation() {
        return lease.generation();
    }

    /** {@return the list in OpenAI's form, not looked at; or a failure, a {@link GatewayException} if it is not a bug} */
    Future<Buffer> run() {
        boundary.open(generation(), call())
                .compose(this::ask)
                .onSuccess(list::tryComplete)
                .onFailure(list::tryFail);
        return list.future().andThen(ended -> {
            if (client != null) {
                client.close();
            }
            lease.close();
        });
    }

    /** Ends it before its time. */
    void end(GatewayException cause) {
        list.tryFail(cause);
    }

    private GatewayCall call() {
        return new GatewayCall(
                "models",
                generation().name(),
                generation().keyVariable(),
                Operation.MODELS,
                "GET",
                "/v1/models",
                Optional.empty(),
                false,
                false,
                Headers.of(),
                generation().keys().choose(),
                GatewayCall.heldBody(Buffer.buffer()));
    }

    private Future<Buffer> ask(PluginBoundary.Opened opened) {
        if (list.future().isComplete()) {
            return list.future();
        }
        LimitedBody body =
                new LimitedBody(MAX_LIST, () -> end(unusable("sent a list of more than " + MAX_LIST + " bytes")));
        long timer = vertx.setTimer(
                DEADLINE.toMillis(),
                due -> end(new GatewayException(
                        ErrorCode.UPSTREAM_TIMEOUT, "the list did not come within " + DEADLINE.toSeconds() + " s")));
        return send(opened.request(), body)
                .andThen(come -> vertx.cancelTimer(timer))
                .compose(answer -> {
                    if (answer.statusCode() != 200) {
                        return Future.failedFuture(unusable("answered with status " + answer.statusCode()));
                    }
                    ResponseHead head = ResponseHead.of(200, () -> HeaderPolicy.fromUpstream(answer.headers()));
                    return boundary.response(generation(), opened.exchange(), head)
                            .compose(handler -> translate(handler, body.body()));
                });
    }

    private Future<HttpResponse<Void>> send(UpstreamRequest wanted, LimitedBody answer) {
        UpstreamAddress address = UpstreamAddress.of(generation().baseUrl());
        HttpClientOptions options = new HttpClientOptions()
                .setKeepAlive(false)
                .setMaxHeaderSize(MAX_HEAD)
                .setDecompressionSupported(false)
                .setConnectTimeout((int) generation().deadlines().connect().toMillis());
        WebClient mine = WebClient.wrap(
                vertx.httpClientBuilder()
                        .with(options)
                        // The call fails, too; nobody else need be told.
                        .withConnectHandler(connection -> connection.exceptionHandler(failure -> {}))
                        .build(),
                new WebClientOptions().setFollowRedirects(false).setUserAgentEnabled(false));
        client = mine;
        HttpRequest<Void> request = mine.request(
                        HttpMethod.valueOf(wanted.method()),
                        address.port(),
                        address.host(),
                        address.target(wanted.path()))
                .ssl(address.ssl())
                .as(BodyCodec.pipe(answer));
        wanted.headers().forEach((name, value) -> request.headers().add(name, value));
        Body body = wanted.body();
        if (body.isStreamed()) {
            return Future.failedFuture(
                    new GatewayException(ErrorCode.PROVIDER_FAILED, "the provider sent a body that does not exist"));
        }
        Buffer bytes = ((ClientBody) body).buffer();
        Future<HttpResponse<Void>> sent = bytes.length() == 0 ? request.send() : request.sendBuffer(bytes);
        return sent.recover(failure -> Future.failedFuture(new GatewayException(
                ErrorCode.UPSTREAM_UNREACHABLE,
                "no answer (" + failure.getClass().getSimpleName() + ")")));
    }

    private Future<Buffer> translate(ResponseHandler handler, Buffer answer) {
        return handler.bodyTransform()
                .map(transform -> boundary.translate(generation(), transform, answer))
                .orElseGet(() -> Future.succeededFuture(answer));
    }

    private GatewayException unusable(String deed) {
        return new GatewayException(
                ErrorCode.UPSTREAM_PROTOCOL_ERROR, "provider " + generation().name() + " " + deed);
    }
}
