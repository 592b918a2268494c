package io.magicapi.gateway.api;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.pf4j.ExtensionPoint;

/**
 * One upstream service that speaks, or is made to speak, the OpenAI API. This is what a plugin implements.
 *
 * <p>A provider whose upstream speaks OpenAI's own wire format needs only {@link #name()} and {@link #baseUrl()}, and
 * {@link #processHeaders} where a bearer token is not enough. The class is annotated with {@code @Extension}, has a
 * public constructor without parameters that does no work. Each loaded version of the plugin has one instance of it, or,
 * if the configuration gives the provider several names, one for each.
 *
 * <p><b>Threads.</b> One instance serves all event loops at once, so it must be safe for use by several threads; a
 * provider without mutable fields is. Methods that take a {@link Call}, {@link #retryable} and {@link #continuesAnswers} run on
 * an event loop and must return within microseconds. A provider that cannot promise this returns true from {@link #blocking()}.
 *
 * <p><b>Failures.</b> Whatever a method throws fails the one request it was called for: a {@link ProviderException}
 * with the status and the message it carries, anything else with a 500 that names the exception's class and nothing
 * more. Null where no null is allowed counts as such a failure.
 */
public interface Provider extends ExtensionPoint {

    /**
     * The name callers choose this provider by, as in {@code x-provider: groq} or {@code "model": "groq/…"}.
     *
     * @return a constant that matches {@code [a-z][a-z0-9-]{0,31}} and that no other loaded provider has
     */
    String name();

    /**
     * Where the upstream is, such as {@code https://api.groq.com/openai}; {@link #path} is appended to it.
     *
     * <p>Read once, after {@link #start}. The operator's configuration may replace it ({@code
     * providers.<name>.base-url}), so a provider must not rely on its own value being used.
     *
     * @return an absolute {@code http} or {@code https} URL without trailing slash, query or user info; empty if only the
     *     operator can know it: the provider then serves where the configuration gives one, and nowhere else
     */
    String baseUrl();

    /**
     * The headers to send upstream, given those the client sent. Called for each attempt.
     *
     * <p>The default sends all of {@code client} and the call's credential as {@code Authorization: Bearer …}.
     *
     * <p>Only what is returned is sent. The gateway sets {@code Host} and the body's framing by itself, and drops
     * hop-by-hop headers and its own from whatever is returned.
     *
     * @param client the client's headers after the gateway's policy: no credential, no cookie, no hop-by-hop header,
     *     nothing meant for the gateway
     * @param call the call these headers are for
     * @throws ProviderException of kind {@link ProviderException.Kind#UNAUTHENTICATED} if a key is needed and there is
     *     none
     */
    default Headers processHeaders(Headers client, Call call) {
        return client.with("authorization", "Bearer " + call.requireCredential().reveal());
    }

    /**
     * The path, appended to the base URL, that serves {@code call}.
     *
     * @return by default the client's own path, byte for byte as it was sent: {@code /v1/chat/completions}
     */
    default String path(Call call) {
        return call.path();
    }

    /**
     * The operations this provider serves. Others are refused with a 404 before any code of the plugin runs.
     *
     * @return a constant list; empty, the default, lets every operation through
     */
    default List<Operation> operations() {
        return List.of();
    }

    /**
     * The models known when the plugin was built: what {@code GET /v1/models} lists without a network, and how a model
     * that names no provider finds this one. Data, never a gate: a model that is not listed is forwarded all the same.
     *
     * @return a constant list; empty by default
     */
    default List<Model> models() {
        return List.of();
    }

    /**
     * The environment variable that holds this provider's key when the configuration names none.
     *
     * @return such as {@code GROQ_API_KEY}; empty if there is no such custom
     */
    default Optional<String> keyVariable() {
        return Optional.empty();
    }

    /**
     * The headers by which callers bring a credential that is not one bearer token, such as {@code
     * x-aws-access-key-id}. They are shown to this provider only, and only where callers may bring their own
     * credentials ({@code auth.passthrough}).
     *
     * @return a constant list of names in lower case; empty by default
     */
    default List<String> credentialHeaders() {
        return List.of();
    }

    /**
     * Where this provider's answers and stream events carry token usage, in the order to look.
     *
     * @return JSON pointers; by default {@code /usage} alone
     */
    default List<String> usagePointers() {
        return List.of("/usage");
    }

    /**
     * Whether a refused request may succeed when sent again unchanged, as the upstream documents it. The gateway says
     * so to clients that would not guess it from the status ({@code x-should-retry: true}).
     *
     * @param head a response whose status is 400 or above
     * @return by default true for 408, 409, 429 and all from 500
     */
    default boolean retryable(ResponseHead head) {
        int status = head.status();
        return status == 408 || status == 409 || status == 429 || status >= 500;
    }

    /**
     * Whether a model goes on with an answer of which it is given the beginning, as a last message of the assistant's
     * ("prefill"). Asked when a stream has broken off and this provider is to go on with it ({@code stream-recovery:
     * continue}).
     *
     * <p>True only where the upstream documents it: what such a model says is appended to what the client has been told.
     * A model that refuses it with a 400 is asked again without. For a model of which nothing is known, false is right.
     *
     * @param model the model as the upstream knows it
     * @return by default false; the answer to one model is always the same
     */
    default boolean continuesAnswers(String model) {
        return false;
    }

    /**
     * Opens one attempt. Overridden only by providers that change the request or the answer. A call with a large body is
     * opened on a worker thread.
     *
     * @param call the call to serve; valid until the attempt ends
     * @return by default an exchange that sends the client's body unchanged to {@link #path} with the headers of
     *     {@link #processHeaders}
     * @throws ProviderException to refuse the call
     */
    default Exchange open(Call call) {
        String path = Objects.requireNonNull(path(call), "path returned null");
        Headers headers = Objects.requireNonNull(processHeaders(call.headers(), call), "processHeaders returned null");
        return Exchange.of(UpstreamRequest.of(call.method(), path, headers, call.body()));
    }

    /**
     * Opens one attempt when something must be awaited first, such as a short-lived token. The gateway calls this one;
     * the default calls {@link #open}.
     *
     * @return completes with an exchange, on any thread, or fails with what {@link #open} would throw
     */
    default CompletionStage<Exchange> openAsync(Call call) {
        return CompletableFuture.completedFuture(open(call));
    }

    /**
     * Whether calls of this provider may block, and so must run on worker threads instead of event loops.
     *
     * @return asked once, after {@link #start}; by default false
     */
    default boolean blocking() {
        return false;
    }

    /**
     * Called once before the first call, on a thread of its own that may block, under a deadline.
     *
     * @throws Exception to refuse to start; the plugin is then unloaded, and a version that served before it goes on
     */
    default void start(ProviderContext context) throws Exception {}

    /** Called once after the last call has ended, on a thread that may block. Free here what {@link #start} took. */
    default void stop() {}
}
