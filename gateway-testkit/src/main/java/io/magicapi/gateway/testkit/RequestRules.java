package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.testkit.Abilities.KeyPlace;
import io.magicapi.gateway.testkit.ContractClient.Reply;
import io.magicapi.gateway.testkit.ContractSamples.Sample;
import io.magicapi.gateway.testkit.ContractSubject.Started;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** What is sent upstream: where to, with which key, which headers, and whose calls are refused. */
final class RequestRules {

    private static final String PRIVATE = "private-to-the-client";

    /** What says who the client is, or is meant for the gateway. No provider needs it, and some would sell it. */
    private static final List<String> PRIVATE_HEADERS = List.of(
            "cookie",
            "referer",
            "forwarded",
            "via",
            "x-real-ip",
            "x-forwarded-for",
            "true-client-ip",
            "x-request-id",
            "x-project-id",
            "x-user-id",
            "x-experiment-id",
            "x-gateway-secret");

    private static final List<String> OF_THE_CONNECTION = List.of(
            "host",
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "expect",
            "content-length");

    private final ContractSubject subject;

    RequestRules(ContractSubject subject) {
        this.subject = subject;
    }

    private HttpRequest.Builder probe() {
        Sample sample = subject.probe();
        return ContractClient.json(subject.to(sample.path()), sample.body());
    }

    void configuredBaseUrl() throws Exception {
        Optional<Throwable> refusal = subject.refusal();
        if (refusal.isPresent()) {
            Assumptions.assumeTrue(IdentityRules.NAME.matcher(subject.name()).matches(), "it has no usable name");
            throw new AssertionError(
                    "the gateway does not take it with another base URL: "
                            + refusal.get().getMessage(),
                    refusal.get());
        }

        ReceivedRequest sent = subject.sent(probe());

        assertThat(sent.target()).startsWith(ContractSubject.BASE_PATH + "/");
    }

    void path() throws Exception {
        String path = subject.probe().path() + "?q=a%20b%2Fc&empty=&u=%C3%BC";

        ReceivedRequest sent = subject.sent(
                ContractClient.json(subject.to(path), subject.probe().body()));

        if (subject.abilities.hasOwnPaths()) {
            assertThat(sent.target())
                    .startsWith(ContractSubject.BASE_PATH + "/")
                    .doesNotContain("/../", "/./", "//");
        } else {
            assertThat(sent.target()).isEqualTo(ContractSubject.BASE_PATH + path);
        }
    }

    void keyInItsPlace() throws Exception {
        Assumptions.assumeFalse(subject.abilities.isKeyless(), "no key is needed");

        ReceivedRequest sent = subject.sent(probe());

        Optional<KeyPlace> place = subject.abilities.keyPlace();
        int places = occurrences(new String(sent.raw(), StandardCharsets.ISO_8859_1), subject.key);
        if (place.isPresent()) {
            assertThat(sent.headers(place.get().header()))
                    .as("header %s", place.get().header())
                    .map(value -> value.replace(subject.key, "<the key>"))
                    .containsExactly(place.get().prefix() + "<the key>");
            assertThat(places)
                    .as("how often the key is in the request; see also %s", sent)
                    .isEqualTo(1);
        } else {
            assertThat(places).as("how often the key is in the request").isZero();
        }
    }

    private static int occurrences(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    /** One call after the other, and many at once. */
    void keysNeverMixed() throws Exception {
        try (Started started = subject.started()) {
            Provider provider = started.provider();
            checkOwn(provider, "key-of-one");
            checkOwn(provider, "key-of-another");
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Future<Void>> callers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    String key = "key-of-caller-" + i;
                    callers.add(threads.submit((Callable<Void>) () -> {
                        for (int call = 0; call < 50; call++) {
                            checkOwn(provider, key);
                        }
                        return null;
                    }));
                }
                for (Future<Void> caller : callers) {
                    caller.get(60, TimeUnit.SECONDS);
                }
            } catch (ExecutionException e) {
                throw e.getCause() instanceof AssertionError mixed
                        ? mixed
                        : new AssertionError("a call failed while others ran", e.getCause());
            } finally {
                threads.shutdownNow();
            }
        }
    }

    private void checkOwn(Provider provider, String key) throws Exception {
        Sample sample = subject.probe();
        String body = sample.body().replace(ContractSamples.WORDS, "words of " + key);
        Call call = subject.withKey(TestCall.post(sample.path(), body), key);

        UpstreamRequest request = ContractSubject.open(provider, call);

        subject.abilities.keyPlace().ifPresent(place -> {
            if (!subject.abilities.isKeyless()) {
                assertThat(request.headers().all(place.header()))
                        .as("the key of a call with %s", key)
                        .containsExactly(place.prefix() + key);
            }
        });
        assertThat(text(request.body())).contains("words of " + key);
    }

    private static String text(Body body) {
        ByteBuffer bytes = body.bytes();
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    void missingKey() throws Exception {
        Sample sample = subject.probe();
        Reply reply = subject.send(ContractClient.json(subject.keyless(sample.path()), sample.body()));

        if (subject.abilities.isKeyless()) {
            assertThat(subject.upstream().requests())
                    .as("requests upstream of a client without key, who got %s", reply)
                    .hasSize(1);
        } else {
            assertThat(reply.status()).as("%s", reply).isEqualTo(401);
            assertOpenAiError(reply);
            assertThat(subject.upstream().requests()).as("requests upstream").isEmpty();
        }
    }

    static void assertOpenAiError(Reply reply) {
        assertThat(reply.header("content-type").orElse("")).startsWith("application/json");
        assertThat(reply.error().path("message").asText())
                .as("message of the error in %s", reply)
                .isNotBlank();
        assertThat(reply.error().path("type").isTextual())
                .as("the error in %s has a type", reply)
                .isTrue();
    }

    void nothingOfTheConnection() throws Exception {
        try (Started started = subject.started()) {
            UpstreamRequest request = ContractSubject.open(started.provider(), subject.call());

            List<String> names = new ArrayList<>();
            request.headers().forEach((name, value) -> names.add(name));
            assertThat(names).doesNotContainAnyElementsOf(OF_THE_CONNECTION);
            assertThat(names.stream().filter(name -> !name.equals("accept")))
                    .as("headers, each once")
                    .doesNotHaveDuplicates();
        }
    }

    void nothingPrivate() throws Exception {
        HttpRequest.Builder request = probe();
        PRIVATE_HEADERS.forEach(name -> request.header(name, PRIVATE));

        ReceivedRequest sent = subject.sent(request);

        assertThat(sent.fields())
                .as("header fields upstream")
                .noneMatch(field -> field.value().contains(PRIVATE))
                .noneMatch(field -> PRIVATE_HEADERS.contains(field.name().toLowerCase(Locale.ROOT)));
        assertThat(sent.headers("x-provider")).as("x-provider").isEmpty();
    }

    void clientsHeaders() throws Exception {
        subject.assumePassThrough();

        ReceivedRequest sent = subject.sent(probe().header("openai-organization", "org-1")
                .header("idempotency-key", "once")
                .header("x-vendor-extension", "on"));

        assertThat(sent.header("openai-organization")).as("openai-organization").hasValue("org-1");
        assertThat(sent.header("idempotency-key")).as("idempotency-key").hasValue("once");
        assertThat(sent.header("x-vendor-extension")).as("x-vendor-extension").hasValue("on");
        assertThat(sent.header("content-type").orElse("")).as("content-type").startsWith("application/json");
    }

    void callLeftAlone() throws Exception {
        try (Started started = subject.started()) {
            Sample sample = subject.probe();
            Call call = subject.call();
            JsonNode before = TestCall.post(sample.path(), sample.body()).body().json();

            UpstreamRequest first = ContractSubject.open(started.provider(), call);
            UpstreamRequest again = ContractSubject.open(started.provider(), call);

            assertThat(call.body().json()).as("the call's body").isEqualTo(before);
            assertThat(again.method()).as("method, at a retry").isEqualTo(first.method());
            assertThat(again.path()).as("path, at a retry").isEqualTo(first.path());
            assertThat(text(again.body())).as("body, at a retry").isEqualTo(text(first.body()));
        }
    }

    void everyServedOperation() throws Exception {
        subject.gateway();
        List<Sample> samples = ContractSamples.plain(subject.model);
        for (Operation operation : subject.operations().isEmpty() ? Operation.COMMON : subject.operations()) {
            if (isUpload(operation)) {
                continue; // a rule of its own
            }
            subject.upstream().reset();
            subject.upstream()
                    .answerWith(
                            operation.equals(Operation.CHAT_COMPLETIONS)
                                    ? subject.abilities.wire().plain().answer()
                                    : Answer.json(200, "{}"));
            Optional<Sample> sample = samples.stream()
                    .filter(some -> some.operation().equals(operation))
                    .findFirst();

            Reply reply = subject.send(
                    sample.isPresent()
                            ? ContractClient.json(
                                    subject.to(sample.get().path()),
                                    sample.get().body())
                            : subject.to("/v1/" + operation).GET());

            assertThat(subject.upstream().requests())
                    .as("requests upstream of operation %s, whose client got %s", operation, reply)
                    .hasSize(1);
        }
    }

    private static boolean isUpload(Operation operation) {
        return operation.equals(Operation.AUDIO_TRANSCRIPTIONS) || operation.equals(Operation.AUDIO_TRANSLATIONS);
    }

    private HttpRequest.Builder upload(Operation operation, String content) {
        return subject.to("/v1/" + operation)
                .header("content-type", "multipart/form-data; boundary=cut")
                .POST(HttpRequest.BodyPublishers.ofString(form(content), StandardCharsets.ISO_8859_1));
    }

    private String form(String content) {
        return "--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + subject.model
                + "\r\n--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                + "Content-Type: audio/wav\r\n\r\n" + content + "\r\n--cut--\r\n";
    }

    void uploads() throws Exception {
        subject.gateway();
        Operation operation = List.of(Operation.AUDIO_TRANSCRIPTIONS, Operation.AUDIO_TRANSLATIONS).stream()
                .filter(subject::serves)
                .findFirst()
                .orElseGet(() -> Assumptions.abort("no uploads are served"));
        String content = "\0ÿ\r\n--cu".repeat(50_000);

        ReceivedRequest sent = subject.sent(upload(operation, content));

        if (!subject.abilities.isPassThrough()) {
            return;
        }
        assertThat(sent.header("content-type")).hasValue("multipart/form-data; boundary=cut");
        assertThat(new String(sent.body(), StandardCharsets.ISO_8859_1).equals(form(content)))
                .as("the upload arrived byte for byte")
                .isTrue();
    }

    void notServed() throws Exception {
        subject.gateway();
        List<Operation> others = Operation.COMMON.stream()
                .filter(operation -> !subject.serves(operation))
                .toList();
        Assumptions.assumeFalse(others.isEmpty(), "all operations are served");
        int before = subject.calls();
        List<Sample> samples = ContractSamples.plain(subject.model);

        for (Operation operation : others) {
            Reply reply = subject.send(samples.stream()
                    .filter(sample -> sample.operation().equals(operation))
                    .findFirst()
                    .map(sample -> ContractClient.json(subject.to(sample.path()), sample.body()))
                    .orElseGet(() -> subject.to("/v1/" + operation).GET()));

            assertThat(reply.status()).as("%s: %s", operation, reply).isEqualTo(404);
            assertThat(reply.error().path("code").asText()).as("%s", reply).isEqualTo("unknown_url");
        }
        assertThat(subject.calls()).as("calls of the provider").isEqualTo(before);
        assertThat(subject.upstream().requests()).as("requests upstream").isEmpty();
    }
}
