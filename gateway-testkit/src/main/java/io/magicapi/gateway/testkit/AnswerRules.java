package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.testkit.ContractClient.Reply;
import io.magicapi.gateway.testkit.ContractSubject.Started;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** What the client gets of the upstream's answers. */
final class AnswerRules {

    private static final List<Integer> REFUSALS = List.of(400, 401, 403, 404, 429, 500, 503, 529);

    /** Long enough to hold the end of one event and the beginning of another. */
    private static final int PIECE = 150;

    private final ContractSubject subject;

    AnswerRules(ContractSubject subject) {
        this.subject = subject;
    }

    private Wire wire() {
        return subject.abilities.wire();
    }

    private Reply stream() throws Exception {
        return subject.chat(ContractSamples.stream(subject.model));
    }

    void plain() throws Exception {
        subject.assumeChat();

        Reply reply = subject.chat(ContractSamples.chat(subject.model));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.whole()).as("whole: %s", reply).isTrue();
        assertThat(reply.header("content-type").orElse("")).startsWith("application/json");
        if (subject.abilities.isPassThrough()) {
            assertThat(reply.body())
                    .as("bytes of %s", reply)
                    .isEqualTo(wire().plain().body());
        }
        JsonNode choice = reply.json().at("/choices/0");
        assertThat(choice.at("/message/role").asText()).as("role in %s", reply).isEqualTo("assistant");
        assertThat(choice.at("/message/content").asText())
                .as("text of %s", reply)
                .isEqualTo(Wire.TEXT);
        assertThat(choice.path("finish_reason").asText())
                .as("finish_reason of %s", reply)
                .isEqualTo("stop");
    }

    void streamed() throws Exception {
        subject.assumeStreams();
        subject.upstream().answerWith(wire().stream().answer());

        Reply reply = stream();

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.header("content-type").orElse("")).startsWith("text/event-stream");
        assertWholeStream(reply, "all at once", Wire.TEXT);
        assertThat(reply.endsWithDone()).as("ends with [DONE]: %s", reply).isTrue();
        if (subject.abilities.isPassThrough()) {
            assertThat(reply.text()).isEqualTo(new String(wire().stream().body(), StandardCharsets.UTF_8));
            Map<String, String> forms = StreamForms.whole();
            forms.remove("trickle"); // slow, and the next but one rule sends bytes one by one as well
            for (Map.Entry<String, String> form : forms.entrySet()) {
                subject.upstream().answerWith(StreamForms.answer(form.getKey()));
                assertWholeStream(stream(), "as in Streams." + form.getKey(), form.getValue());
            }
        }
    }

    private static void assertWholeStream(Reply reply, String how, String text) {
        assertThat(reply.whole()).as("whole, sent %s: %s", how, reply).isTrue();
        assertThat(reply.streamedText()).as("text, sent %s: %s", how, reply).isEqualTo(text);
        assertThat(reply.hasFinishReason())
                .as("a finish_reason, sent %s: %s", how, reply)
                .isTrue();
    }

    void toolCalls() throws Exception {
        subject.assumeChat();
        Assumptions.assumeTrue(subject.abilities.hasTools(), "tools are not declared");
        subject.upstream().answerWith(wire().toolCall().answer());

        Reply reply = subject.chat(ContractSamples.tools(subject.model));

        JsonNode choice = reply.json().at("/choices/0");
        JsonNode call = choice.at("/message/tool_calls/0");
        assertToolCall(
                reply,
                call.path("id").asText(),
                call.at("/function/name").asText(),
                call.at("/function/arguments").asText());
        assertThat(choice.path("finish_reason").asText())
                .as("finish_reason of %s", reply)
                .isEqualTo("tool_calls");
        if (subject.abilities.streams()) {
            streamedToolCall();
        }
    }

    private void streamedToolCall() throws Exception {
        subject.upstream().answerWith(wire().toolCallStream().answer());

        Reply reply = subject.chat(ContractSamples.tools(subject.model).replaceFirst("\\{", "{\"stream\":true,"));

        StringBuilder id = new StringBuilder();
        StringBuilder name = new StringBuilder();
        StringBuilder arguments = new StringBuilder();
        for (JsonNode event : reply.events()) {
            JsonNode call = event.at("/choices/0/delta/tool_calls/0");
            id.append(call.path("id").asText(""));
            name.append(call.at("/function/name").asText(""));
            arguments.append(call.at("/function/arguments").asText(""));
        }
        assertToolCall(reply, id.toString(), name.toString(), arguments.toString());
        assertThat(reply.whole()).as("whole: %s", reply).isTrue();
        assertThat(reply.events().stream()
                        .map(event -> event.at("/choices/0/finish_reason").asText("")))
                .as("finish reasons in %s", reply)
                .contains("tool_calls");
    }

    private static void assertToolCall(Reply reply, String id, String name, String arguments) {
        assertThat(id).as("id of the tool call in %s", reply).isNotBlank();
        assertThat(name).as("name of the tool in %s", reply).isEqualTo("get_weather");
        assertThat(arguments.replace(" ", "")).as("arguments in %s", reply).isEqualTo("{\"city\":\"Pune\"}");
    }

    /** In pieces of equal length, with the first cut at each place within that length: so each place is cut once. */
    void cutAtEveryByte() throws Exception {
        subject.assumeStreams();
        Wire.Message stream = wire().stream();
        subject.upstream().answerWith(stream.answer());
        Reply uncut = stream();
        for (int first = 1; first <= PIECE; first++) {
            subject.upstream().answerWith(stream.cut(first, PIECE));
            assertSame(stream(), "in pieces of %s bytes, the first of %s".formatted(PIECE, first), uncut);
        }
        subject.upstream().answerWith(stream.cut(1, 1));
        assertSame(stream(), "byte by byte", uncut);
    }

    /** Not byte for byte: ids and times may be of a translation's making. */
    private static void assertSame(Reply cut, String how, Reply uncut) {
        assertThat(cut.status()).as("status, sent %s: %s", how, cut).isEqualTo(uncut.status());
        assertThat(cut.whole()).as("whole, sent %s: %s", how, cut).isEqualTo(uncut.whole());
        assertThat(cut.events()).as("events, sent %s: %s", how, cut).hasSameSizeAs(uncut.events());
        assertThat(cut.streamedText()).as("text, sent %s: %s", how, cut).isEqualTo(uncut.streamedText());
        assertThat(cut.hasFinishReason())
                .as("a finish_reason, sent %s: %s", how, cut)
                .isEqualTo(uncut.hasFinishReason());
        assertThat(cut.endsWithDone()).as("[DONE], sent %s: %s", how, cut).isEqualTo(uncut.endsWithDone());
    }

    void endsTooEarly() throws Exception {
        subject.assumeStreams();
        Wire.Message stream = wire().stream();
        Answer half = stream.begin(stream.body().length / 2);
        Map<String, Answer> endings = new LinkedHashMap<>();
        endings.put("half a stream, ended in order", half.lastChunk());
        endings.put("half a stream, then FIN", half.close());
        endings.put("half a stream, then RST", half.reset());
        endings.put("no event", stream.begin(0).lastChunk());
        if (subject.abilities.isPassThrough()) {
            StreamForms.broken().forEach(name -> endings.put(name, StreamForms.answer(name)));
        }

        for (Map.Entry<String, Answer> ending : endings.entrySet()) {
            subject.upstream().answerWith(ending.getValue());
            Reply reply = stream();
            assertThat(reply.isVisibleFailure())
                    .as("%s is seen to be broken: %s", ending.getKey(), reply)
                    .isTrue();
            assertThat(reply.endsWithDone())
                    .as("%s, and yet [DONE]: %s", ending.getKey(), reply)
                    .isFalse();
        }
    }

    void errorInStream() throws Exception {
        subject.assumeStreams();
        subject.upstream().answerWith(wire().streamError().answer());

        Reply reply = stream();

        assertThat(reply.isVisibleFailure()).as("seen to be broken: %s", reply).isTrue();
        assertThat(reply.text()).as("what the upstream said").contains(Wire.FAILURE);
    }

    void refusals() throws Exception {
        subject.assumeChat();
        for (int status : REFUSALS) {
            subject.upstream()
                    .answerWith(wire().error(status).with("retry-after", "7").answer());

            check(status, subject.chat(ContractSamples.chat(subject.model)));
            if (subject.abilities.streams()) {
                check(status, stream());
            }
        }
    }

    private static void check(int status, Reply reply) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(status);
        RequestRules.assertOpenAiError(reply);
        assertThat(reply.error().path("message").asText())
                .as("message of the error in %s", reply)
                .contains(Wire.FAILURE);
        assertThat(reply.header("retry-after")).as("retry-after of %s", reply).hasValue("7");
    }

    void retryable() throws Exception {
        try (Started started = subject.started()) {
            Provider provider = started.provider();
            for (int status = 400; status < 600; status++) {
                boolean retryable = provider.retryable(ResponseHead.of(status, Headers.of()));
                if (List.of(400, 401, 403, 404, 405, 413, 422).contains(status)) {
                    assertThat(retryable).as("retryable with status %s", status).isFalse();
                } else if (status == 429 || status == 503) {
                    assertThat(retryable).as("retryable with status %s", status).isTrue();
                }
            }
        }
    }

    void usage() throws Exception {
        subject.assumeChat();
        try (LogCapture access = LogCapture.of("io.magicapi.gateway.access")) {
            subject.chat(ContractSamples.chat(subject.model));
            checkUsage(access, 1);
            if (subject.abilities.streams()) {
                subject.upstream().answerWith(wire().stream().answer());
                stream();
                checkUsage(access, 2);
            }
        }
    }

    private static void checkUsage(LogCapture access, int lines) throws InterruptedException {
        Waiting.until("a line in the access log", () -> access.lines().size() >= lines);
        assertThat(access.lines().get(lines - 1))
                .as("the access log has the tokens that were used")
                .contains("tokens-in=\"9\"", "tokens-out=\"2\"");
    }
}
