package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** A client of a gateway that sees whether an answer ended or was cut. For one thread at a time. */
final class ContractClient {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final JsonMapper JSON = new JsonMapper();
    private static final String DATA = "data:";
    private static final String DONE = "[DONE]";

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    /**
     * One answer.
     *
     * @param whole whether it ended as its framing says, and not just with the connection
     */
    record Reply(int status, HttpHeaders headers, byte[] body, boolean whole) {

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        Optional<String> header(String name) {
            return headers.firstValue(name);
        }

        /** {@return the body as JSON; missing if it is none} */
        JsonNode json() {
            return parse(text());
        }

        JsonNode error() {
            return json().path("error");
        }

        /** {@return whether a client cannot take this for a whole answer} */
        boolean isVisibleFailure() {
            return status >= 400 || !whole;
        }

        boolean endsWithDone() {
            return text().strip().endsWith(DONE);
        }

        /** {@return the data of all events that are JSON} */
        List<JsonNode> events() {
            List<JsonNode> events = new ArrayList<>();
            String lines = text().replace("\ufeff", "").replace("\r\n", "\n").replace('\r', '\n');
            for (String event : lines.split("\n\n", -1)) {
                String data = event.lines()
                        .filter(line -> line.startsWith(DATA))
                        .map(line -> line.substring(DATA.length()))
                        .collect(Collectors.joining("\n"));
                if (!data.isBlank() && !data.strip().equals(DONE)) {
                    events.add(parse(data));
                }
            }
            return events;
        }

        /** {@return what the events of a chat stream say together} */
        String streamedText() {
            StringBuilder text = new StringBuilder();
            events().forEach(event ->
                    text.append(event.at("/choices/0/delta/content").asText("")));
            return text.toString();
        }

        boolean hasFinishReason() {
            return events().stream()
                    .anyMatch(event -> event.at("/choices/0/finish_reason").isTextual());
        }

        @Override
        public String toString() {
            return status + " " + text() + (whole ? "<end>" : "<cut>");
        }
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    /** {@return a request for this URL, as yet without method} */
    static HttpRequest.Builder to(URI uri) {
        return HttpRequest.newBuilder(uri).timeout(PATIENCE);
    }

    static HttpRequest.Builder json(HttpRequest.Builder request, String body) {
        return request.header("content-type", "application/json")
                .POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    }

    /**
     * {@return the answer, read until its end or the end of the connection}
     *
     * <p>The body is taken as it arrives: a stream of the JDK's client forgets what was not read yet when the connection
     * ends.
     */
    Reply send(HttpRequest request) throws IOException, InterruptedException {
        AtomicReference<HttpResponse.ResponseInfo> head = new AtomicReference<>();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean whole = true;
        try {
            http.send(request, info -> {
                head.set(info);
                return BodySubscribers.ofByteArrayConsumer(part -> part.ifPresent(body::writeBytes));
            });
        } catch (IOException cut) {
            if (head.get() == null) {
                throw cut;
            }
            whole = false;
        }
        HttpResponse.ResponseInfo info = Objects.requireNonNull(head.get());
        return new Reply(info.statusCode(), info.headers(), body.toByteArray(), whole);
    }
}
