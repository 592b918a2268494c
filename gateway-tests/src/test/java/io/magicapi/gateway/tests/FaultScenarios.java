package io.magicapi.gateway.tests;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig.Breaker;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FaultBench;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Scenario;
import io.magicapi.gateway.testkit.Streams;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** What the first provider of a route may do wrong, and what docs/routing.md says comes of it. */
final class FaultScenarios {

    private static final String MAIN = "200 \"Hello there\" from main";
    private static final String MAIN_AGAIN = MAIN + ", 2 attempts";
    private static final String SPARE = "200 \"Good day\" from spare";
    private static final String SPARE_NEXT = SPARE + ", 2 attempts";
    private static final String SPARE_LATER = SPARE + ", 3 attempts";
    private static final String PAID_MAIN = "completed, main, 9+2 tokens";
    private static final String PAID_SPARE = "completed, spare, 9+2 tokens";

    private static final String GUESSED_MAIN = "completed, main, estimated tokens";
    private static final String GUESSED_SPARE = "completed, spare, estimated tokens";

    private static final Duration SHORT = Duration.ofMillis(300);

    private FaultScenarios() {}

    /** {@return those with a route that has nothing but its targets} */
    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.addAll(statuses());
        all.addAll(requestsAtFault());
        all.addAll(keys());
        all.addAll(connections());
        all.addAll(silence());
        all.addAll(nonsense());
        all.addAll(streams());
        all.addAll(outages());
        return all;
    }

    // --- answers

    private static Answer error(int status, String code, String message, String... headers) {
        Headers all = Headers.of();
        for (int i = 0; i < headers.length; i += 2) {
            all = all.with(headers[i], headers[i + 1]);
        }
        return Answer.json(
                status,
                all,
                "{\"error\":{\"message\":\"%s\",\"type\":\"fake_error\",\"param\":null,\"code\":\"%s\"}}"
                        .formatted(message, code));
    }

    private static Answer tooMany(String... headers) {
        return error(429, "rate_limit_exceeded", "too many requests", headers);
    }

    private static Answer unavailable() {
        return error(503, "unavailable", "out of service");
    }

    private static Answer begun(String... words) {
        List<String> events = new ArrayList<>(Streams.chat(words));
        return Answer.openEvents(events.subList(0, words.length + 1));
    }

    private static Answer cutAfter(String... words) {
        return begun(words).pause(Duration.ofMillis(20)).close();
    }

    // --- settings

    private static UnaryOperator<ProviderSettings> deadlines(Duration firstByte, Duration idle) {
        return settings -> settings.withDeadlines(new Deadlines(Duration.ofSeconds(3), firstByte, idle));
    }

    private static Scenario shortFirstByte(Scenario scenario) {
        return scenario.with("first-byte 300ms", deadlines(SHORT, Deadlines.DEFAULT.idle()));
    }

    private static Scenario shortIdle(Scenario scenario) {
        return scenario.with("idle 300ms", deadlines(Deadlines.DEFAULT.firstByte(), SHORT));
    }

    private static Scenario shortFirstToken(Scenario scenario) {
        return scenario.withRoute("first-token 300ms", route -> route.withFirstToken(SHORT));
    }

    // --- scenarios

    private static List<Scenario> statuses() {
        return List.of(
                Scenario.plain("429 with `retry-after: 1`, once")
                        .main(tooMany("retry-after", "1"))
                        .apart(1000, 3000)
                        .caller(MAIN_AGAIN)
                        .providers("main 2, 1000 to 3000 ms apart; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("429 with `retry-after-ms: 200`, once")
                        .main(tooMany("retry-after-ms", "200"))
                        .apart(200, 1500)
                        .caller(MAIN_AGAIN)
                        .providers("main 2, 200 to 1500 ms apart; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("429 with `retry-after: 60`, two requests")
                        .mainAlways(tooMany("retry-after", "60"))
                        .requests(2)
                        .caller("1 × " + SPARE + "; 1 × " + SPARE_NEXT)
                        .providers("main 1; spare 2")
                        .accounted("2 × " + PAID_SPARE),
                Scenario.plain("429 without a word on when, once")
                        .main(tooMany())
                        .apart(0, 1250)
                        .caller(MAIN_AGAIN)
                        .providers("main 2, 0 to 1250 ms apart; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("429, whose limit of tokens resets after 200 ms, once")
                        .main(tooMany("x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "200ms"))
                        .apart(200, 1500)
                        .caller(MAIN_AGAIN)
                        .providers("main 2, 200 to 1500 ms apart; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("429 with `retry-after: 5`, two requests")
                        .mainAlways(tooMany("retry-after", "5"))
                        .requests(2)
                        .caller("1 × " + SPARE + "; 1 × " + SPARE_NEXT)
                        .providers("main 1; spare 2")
                        .accounted("2 × " + PAID_SPARE),
                Scenario.plain("429 with `retry-after: 2`, once")
                        .withRoute("without spare", route -> ModelRoute.to("main/m"))
                        .main(tooMany("retry-after", "2"))
                        .apart(2000, 4000)
                        .caller(MAIN_AGAIN)
                        .providers("main 2, 2000 to 4000 ms apart; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("503 with `retry-after: 5`, once")
                        .main(error(503, "unavailable", "out of service", "retry-after", "5"))
                        .caller(SPARE_NEXT)
                        .providers("main 1; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("429 since the account is empty (`insufficient_quota`), two requests")
                        .mainAlways(error(429, "insufficient_quota", "you exceeded your current quota"))
                        .requests(2)
                        .caller("1 × " + SPARE + "; 1 × " + SPARE_NEXT)
                        .providers("main 1; spare 2")
                        .accounted("2 × " + PAID_SPARE),
                Scenario.plain("500 once")
                        .main(Faults.emptyError(500))
                        .apart(0, 1250)
                        .caller(MAIN_AGAIN)
                        .providers("main 2, 0 to 1250 ms apart; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.stream("500 once")
                        .main(Streams.errorStatus(500))
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("503 each time")
                        .mainAlways(unavailable())
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.stream("529, overloaded, each time")
                        .mainAlways(error(529, "overloaded_error", "overloaded"))
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("502 as a web page of some proxy, each time")
                        .mainAlways(Faults.htmlError(502))
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("408 once")
                        .main(error(408, "timeout", "took too long"))
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(PAID_MAIN));
    }

    private static List<Scenario> requestsAtFault() {
        return List.of(
                Scenario.plain("400, the prompt is too long for the model")
                        .mainAlways(error(400, "context_length_exceeded", "maximum context length is 8192 tokens"))
                        .caller(SPARE_NEXT)
                        .providers("main 1; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("400, the request is malformed")
                        .mainAlways(error(400, "invalid_value", "messages is empty"))
                        .caller("400 invalid_value from main")
                        .providers("main 1; spare 0")
                        .accounted("completed, main"),
                Scenario.plain("400 by a content filter")
                        .mainAlways(error(400, "content_filter", "the prompt was filtered"))
                        .caller("400 content_filter from main")
                        .providers("main 1; spare 0")
                        .accounted("completed, main"),
                Scenario.stream("stops with `content_filter`")
                        .mainAlways(Answer.events(
                                List.of(Streams.word("Hello"), Streams.finish("content_filter"), Streams.DONE)))
                        .caller("200 \"Hello\" from main")
                        .providers("main 1; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.plain("404, the model is gone")
                        .mainAlways(error(404, "model_not_found", "the model does not exist"))
                        .caller(SPARE_NEXT)
                        .providers("main 1; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("413, before the body is read")
                        .mainAlways(Faults.refuseBody())
                        .caller(SPARE_NEXT)
                        .providers("main 1; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("402, nothing is paid, two requests")
                        .mainAlways(error(402, "payment_required", "add credits"))
                        .requests(2)
                        .caller("1 × " + SPARE + "; 1 × " + SPARE_NEXT)
                        .providers("main 1; spare 2")
                        .accounted("2 × " + PAID_SPARE));
    }

    private static Answer refusingKey(int number, int status) {
        Answer well = FaultBench.saying("Hello", " there");
        return Answer.from(request -> usesKey(request, number) ? error(status, "no", "not with this key") : well);
    }

    private static Answer deadAndUsedUp(int share) {
        AtomicInteger taken = new AtomicInteger();
        Answer well = FaultBench.saying("Hello", " there");
        return Answer.from(request -> usesKey(request, 2)
                ? error(401, "no", "not with this key")
                : taken.incrementAndGet() > share ? tooMany("retry-after", "60") : well);
    }

    private static Answer unpaid(int number) {
        Answer well = FaultBench.saying("Hello", " there");
        return Answer.from(request ->
                usesKey(request, number) ? error(429, "insufficient_quota", "you exceeded your quota") : well);
    }

    private static boolean usesKey(ReceivedRequest request, int number) {
        return request.header("authorization")
                .filter(("Bearer main-key-" + number)::equals)
                .isPresent();
    }

    private static List<Scenario> keys() {
        return List.of(
                Scenario.plain("401, the only key is dead, two requests")
                        .mainAlways(refusingKey(1, 401))
                        .requests(2)
                        .caller("1 × " + SPARE + "; 1 × " + SPARE_NEXT)
                        .providers("main 1; spare 2")
                        .accounted("2 × " + PAID_SPARE),
                Scenario.plain("401, one of three keys is dead, 200 requests")
                        .mainAlways(refusingKey(2, 401))
                        .keys(3)
                        .requests(200)
                        .caller("199 × " + MAIN + "; 1 × " + MAIN_AGAIN)
                        .providers("main 201; spare 0")
                        .accounted("200 × " + PAID_MAIN),
                Scenario.plain(
                                "one of two keys is dead, and from the 31st request on the other gets 429 with `retry-after: 60`")
                        .withRoute("without spare", route -> ModelRoute.to("main/m"))
                        .mainAlways(deadAndUsedUp(30))
                        .keys(2)
                        .requests(31)
                        .caller("29 × " + MAIN + "; 1 × " + MAIN_AGAIN + "; 1 × 429 rate_limit_exceeded from main")
                        .providers("main 32; spare 0")
                        .accounted("1 × completed, main; 30 × " + PAID_MAIN),
                Scenario.plain("403, one of two keys may not use the model, 50 requests")
                        .mainAlways(refusingKey(1, 403))
                        .keys(2)
                        .requests(50)
                        .caller("49 × " + MAIN + "; 1 × " + MAIN_AGAIN)
                        .providers("main 51; spare 0")
                        .accounted("50 × " + PAID_MAIN),
                Scenario.plain("429 `insufficient_quota` for one of two keys, 50 requests")
                        .mainAlways(unpaid(1))
                        .keys(2)
                        .requests(50)
                        .caller("49 × " + MAIN + "; 1 × " + MAIN_AGAIN)
                        .providers("main 51; spare 0")
                        .accounted("50 × " + PAID_MAIN),
                Scenario.plain("429 with `retry-after: 60` for one of two keys, 50 requests")
                        .mainAlways(Answer.from(request -> usesKey(request, 1)
                                ? tooMany("retry-after", "60")
                                : FaultBench.saying("Hello", " there")))
                        .keys(2)
                        .requests(50)
                        .caller("49 × " + MAIN + "; 1 × " + MAIN_AGAIN)
                        .providers("main 51; spare 0")
                        .accounted("50 × " + PAID_MAIN));
    }

    private static List<Scenario> connections() {
        return List.of(
                Scenario.plain("nobody listens")
                        .mainGone()
                        .caller(SPARE_LATER)
                        .providers("main 0; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("reset before the head, once")
                        .main(Faults.resetBeforeHead())
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.stream("closed before the head, each time")
                        .mainAlways(Faults.closeBeforeHead())
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("reset within the head, each time")
                        .mainAlways(Faults.resetInHead())
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("closes kept connections without a word, three requests")
                        .mainAlways(Answer.from(request -> request.placeOnConnection() > 1
                                ? Faults.closeBeforeHead()
                                : FaultBench.saying("Hello", " there")))
                        .requests(3)
                        .caller("3 × " + MAIN)
                        .providers("main 4; spare 0")
                        .accounted("3 × " + PAID_MAIN),
                Scenario.plain("cut in the middle of a whole answer, once")
                        .main(Faults.closeMidBody())
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.plain("reset in the middle of a whole answer, each time")
                        .mainAlways(Faults.resetMidBody())
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                Scenario.plain("both: cut in the middle of a whole answer, each time")
                        .mainAlways(Faults.closeMidBody())
                        .spareAlways(Faults.closeMidBody())
                        .closes()
                        .caller("502 upstream_cut from spare, 4 attempts")
                        .providers("main 2, closed; spare 2")
                        .accounted("completed, upstream_cut, spare, estimated tokens"),
                Scenario.plain("cut after 300 KiB of an answer that is longer")
                        .mainAlways(longAnswer())
                        .closes()
                        .caller("200 cut from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_cut, main, estimated tokens"));
    }

    /** {@return what is more than is held, and not the whole of it} */
    private static Answer longAnswer() {
        return Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
                .chunk("{\"choices\":[{\"message\":{\"content\":\"" + "x".repeat(300 * 1024))
                .pause(Duration.ofMillis(20))
                .close();
    }

    private static List<Scenario> silence() {
        return List.of(
                shortFirstByte(Scenario.plain("silence"))
                        .mainAlways(Faults.silence())
                        .closes()
                        .caller(SPARE_NEXT)
                        .providers("main 1, closed; spare 1")
                        .accounted(PAID_SPARE),
                shortFirstByte(Scenario.stream("silence within the head"))
                        .mainAlways(Faults.stallInHead())
                        .closes()
                        .caller(SPARE_NEXT)
                        .providers("main 1, closed; spare 1")
                        .accounted(PAID_SPARE),
                shortFirstToken(Scenario.stream("slow first token: the head, who speaks, and then nothing"))
                        .mainAlways(begun().stall())
                        .closes()
                        .caller(SPARE_NEXT)
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                shortFirstToken(Scenario.stream("slow first token: nothing but comments"))
                        .mainAlways(Answer.openEvents(List.of())
                                .chunk(": PROCESSING\n\n")
                                .pause(Duration.ofMillis(100))
                                .chunk(": PROCESSING\n\n")
                                .stall())
                        .closes()
                        .caller(SPARE_NEXT)
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                shortIdle(Scenario.stream("stall after a word"))
                        .mainAlways(begun("Hello").stall())
                        .closes()
                        .caller("200 cut after \"Hello\" (upstream_timeout) from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_timeout, main, estimated tokens"),
                shortIdle(Scenario.plain("stall in the middle of a whole answer"))
                        .mainAlways(Faults.stallMidBody())
                        .closes()
                        .caller(SPARE_NEXT)
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                Scenario.stream("slow trickle, a byte at a time")
                        .mainAlways(Faults.trickle(Duration.ofMillis(1)))
                        .caller(MAIN)
                        .providers("main 1; spare 0")
                        .accounted(GUESSED_MAIN));
    }

    private static List<Scenario> nonsense() {
        return List.of(
                Scenario.plain("bytes that are no HTTP, once")
                        .main(Faults.garbage())
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.plain("a redirect")
                        .mainAlways(Faults.redirect("http://127.0.0.1:9/"))
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.stream("compressed although not asked to")
                        .mainAlways(Streams.gzip())
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                Scenario.stream("200 with an error in JSON instead of a stream")
                        .mainAlways(Streams.jsonError())
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("200 with an error in JSON")
                        .mainAlways(Streams.jsonError())
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.stream("200 with a web page instead of a stream")
                        .mainAlways(Faults.htmlError(200))
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("200 with a web page instead of JSON")
                        .mainAlways(Faults.htmlError(200))
                        .caller(SPARE_LATER)
                        .providers("main 2; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.plain("both: 200 with a web page instead of JSON")
                        .mainAlways(Faults.htmlError(200))
                        .spareAlways(Faults.htmlError(200))
                        .caller("502 upstream_protocol_error from spare, 4 attempts")
                        .providers("main 2; spare 2")
                        .accounted("completed, upstream_protocol_error, spare"),
                Scenario.plain("200 with nothing, once")
                        .main(Answer.json(200, ""))
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.plain("wrong content type: a completion called a web page")
                        .mainAlways(Faults.wrongContentType())
                        .caller(MAIN)
                        .providers("main 1; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.stream("wrong content type: events called JSON")
                        .mainAlways(Streams.typedAsJson())
                        .caller(MAIN)
                        .providers("main 1; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.stream("a whole completion instead of a stream")
                        .mainAlways(Streams.jsonCompletion())
                        .caller(MAIN)
                        .providers("main 1; spare 0")
                        .accounted(PAID_MAIN),
                Scenario.stream("malformed chunk of HTTP after some words")
                        .mainAlways(Faults.badChunkSize())
                        .closes()
                        .caller("200 cut after \"word \" (upstream_cut) from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_cut, main, estimated tokens"),
                Scenario.stream("malformed chunk: an event that is no JSON, amid the words")
                        .mainAlways(Streams.badJson())
                        .closes()
                        .caller("200 cut after \"Hello there\" (upstream_protocol_error) from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_protocol_error, main, estimated tokens"),
                Scenario.stream("malformed chunk: an event that is no JSON, before the first word, each time")
                        .mainAlways(Answer.events("data: Internal Server Error\n\n"))
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(PAID_SPARE));
    }

    private static List<Scenario> streams() {
        return List.of(
                Scenario.stream("cut before the first word, once")
                        .main(cutAfter())
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.stream("cut after a word")
                        .mainAlways(cutAfter("Hello"))
                        .closes()
                        .caller("200 cut after \"Hello\" (upstream_cut) from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_cut, main, estimated tokens"),
                Scenario.stream("reset after two words")
                        .mainAlways(Faults.resetMidStream())
                        .closes()
                        .caller("200 cut after \"word \" (upstream_cut) from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_cut, main, estimated tokens"),
                Scenario.stream("no `[DONE]`, but a finish reason")
                        .mainAlways(Streams.missingDone())
                        .caller(MAIN)
                        .providers("main 1; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.stream("ends as if that were all: neither `[DONE]` nor a finish reason")
                        .mainAlways(Streams.missingDoneAndFinish())
                        .caller("200 cut after \"Hello there\" (upstream_cut) from main")
                        .providers("main 1; spare 0")
                        .accounted("failed, upstream_cut, main, estimated tokens"),
                Scenario.stream("an empty stream, once")
                        .main(Streams.empty())
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.stream("nothing but `[DONE]`, once")
                        .main(Answer.events(Streams.DONE))
                        .caller(MAIN_AGAIN)
                        .providers("main 2; spare 0")
                        .accounted(GUESSED_MAIN),
                Scenario.stream("an error before the first word, each time")
                        .mainAlways(
                                Answer.events(
                                        "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}\n\n"))
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(PAID_SPARE),
                Scenario.stream("an error amid the words")
                        .mainAlways(Streams.errorEvent())
                        .closes()
                        .caller("200 cut after \"Hello there\" (broken) from main")
                        .providers("main 1, closed; spare 0")
                        .accounted("failed, upstream_cut, main, estimated tokens"));
    }

    private static List<Scenario> outages() {
        AtomicInteger count = new AtomicInteger();
        return List.of(
                Scenario.plain("both: 503 each time")
                        .mainAlways(unavailable())
                        .spareAlways(error(503, "down", "closed for today"))
                        .caller("503 down from spare, 4 attempts")
                        .providers("main 2; spare 2")
                        .accounted("completed, spare"),
                Scenario.plain("both: 429 with `retry-after: 60`, two requests")
                        .mainAlways(tooMany("retry-after", "60"))
                        .spareAlways(tooMany("retry-after", "60"))
                        .requests(2)
                        .caller(
                                "1 × 429 rate_limit_exceeded from spare, 2 attempts; 1 × 503 overloaded from the gateway")
                        .providers("main 1; spare 1")
                        .accounted("1 × completed, overloaded, spare; 1 × completed, spare"),
                Scenario.plain("500 twice, then 404; spare: 429 with `retry-after: 60`, two requests")
                        .main(Faults.emptyError(500), Faults.emptyError(500))
                        .mainAlways(error(404, "model_not_found", "the model does not exist"))
                        .spareAlways(tooMany("retry-after", "60"))
                        .requests(2)
                        .caller("1 × 404 model_not_found from main; 1 × 429 rate_limit_exceeded from spare, 3 attempts")
                        .providers("main 3; spare 1")
                        .accounted("1 × completed, main; 1 × completed, spare"),
                Scenario.plain("503 each time; for spare the prompt is too long")
                        .mainAlways(unavailable())
                        .spareAlways(error(400, "context_length_exceeded", "maximum context length is 8192 tokens"))
                        .caller("400 context_length_exceeded from spare, 3 attempts")
                        .providers("main 2; spare 1")
                        .accounted("completed, spare"),
                Scenario.plain("503 each time, 20 requests")
                        .mainAlways(unavailable())
                        .requests(20)
                        .caller("15 × " + SPARE + "; 5 × " + SPARE_LATER)
                        .providers("main 10; spare 20")
                        .accounted("20 × " + PAID_SPARE),
                Scenario.plain("flapping for 60 s, 10 s down and 10 s up, 4 callers")
                        .with(
                                "1 s stands for 20 s: breaker.open 500ms, backoff 12ms",
                                settings -> settings.withBreaker(openFor(Duration.ofMillis(500)))
                                        .withRetries(settings.retries()
                                                .withBackoff(Duration.ofMillis(12), Duration.ofMillis(500))))
                        .mainAlways(flapping(Duration.ofMillis(500)))
                        .lasting(Duration.ofSeconds(3), 4)
                        .requests(1000)
                        .attemptsPerRequest(1.2)
                        .caller("1000 or more × 200")
                        .providers("at most 1.2 attempts a request")
                        .accounted("completed"),
                shortFirstByte(Scenario.plain("of 20 requests one reset, one silence, one 429 or 503; 16 callers"))
                        .mainAlways(Answer.from(request -> mixed(count.incrementAndGet())))
                        .lasting(Duration.ofSeconds(3), 16)
                        .requests(2000)
                        .attemptsPerRequest(1.2)
                        .caller("2000 or more × 200")
                        .providers("at most 1.2 attempts a request")
                        .accounted("completed"));
    }

    private static Breaker openFor(Duration time) {
        Breaker usual = Breaker.DEFAULT;
        return new Breaker(
                usual.enabled(),
                usual.window(),
                usual.failures(),
                usual.slow(),
                usual.slowShare(),
                time,
                usual.probes());
    }

    private static Answer flapping(Duration phase) {
        long begin = System.nanoTime();
        Answer well = FaultBench.saying("Hello", " there");
        return Answer.from(request -> (System.nanoTime() - begin) / phase.toNanos() % 2 == 0 ? unavailable() : well);
    }

    private static Answer mixed(int number) {
        return switch (number % 20) {
            case 3 -> Faults.resetBeforeHead();
            case 9 -> Faults.silence();
            case 15 -> number % 40 < 20 ? tooMany() : unavailable();
            default -> FaultBench.saying("Hello", " there");
        };
    }

    // --- streams that are gone on with, or held

    /** {@return those in which a stream that breaks off is not the end} */
    static List<Scenario> recovering() {
        Answer same = FaultBench.saying("Hello", " there");
        return List.of(
                shortIdle(recovered(StreamRecovery.CONTINUE, "stall after a word; spare is asked the same"))
                        .mainAlways(begun("Hello").stall())
                        .spareAlways(same)
                        .closes()
                        .caller("200 \"Hello there\" from main")
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE + ", 2 attempts"),
                recovered(StreamRecovery.CONTINUE, "cut after a word; spare is asked the same")
                        .mainAlways(cutAfter("Hello"))
                        .spareAlways(same)
                        .closes()
                        .caller("200 \"Hello there\" from main")
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE + ", 2 attempts"),
                recovered(StreamRecovery.CONTINUE, "cut after a word; spare says something else")
                        .mainAlways(cutAfter("Hello"))
                        .closes()
                        .caller("200 cut after \"Hello\" (upstream_cut) from main")
                        .providers("main 1, closed; spare 1")
                        .accounted("failed, upstream_cut, spare, estimated tokens, 2 attempts"),
                recovered(StreamRecovery.HOLD, "cut after a word, each time")
                        .mainAlways(cutAfter("Hello"))
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                recovered(StreamRecovery.CONTINUE, "an event that is no JSON after a word; spare is asked the same")
                        .mainAlways(begun("Hello")
                                .chunk("data: {\"choices\":[{\n\n")
                                .lastChunk())
                        .spareAlways(same)
                        .closes()
                        .caller("200 \"Hello there\" from main")
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE + ", 2 attempts"),
                recovered(StreamRecovery.HOLD, "an event that is no JSON after a word, each time")
                        .mainAlways(Streams.badJson())
                        .closes()
                        .caller(SPARE_LATER)
                        .providers("main 2, closed; spare 1")
                        .accounted(GUESSED_SPARE),
                shortIdle(recovered(StreamRecovery.HOLD, "stall after a word"))
                        .mainAlways(begun("Hello").stall())
                        .closes()
                        .caller(SPARE_NEXT)
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE));
    }

    /** {@return those in which spare can be given the beginning of an answer} */
    static List<Scenario> prefilling() {
        Answer same = FaultBench.saying("Hello", " there");
        Answer rest = FaultBench.saying(" there");
        return List.of(
                recovered(StreamRecovery.CONTINUE, "cut after a word; spare goes on with it")
                        .mainAlways(cutAfter("Hello"))
                        .spareAlways(Answer.from(request -> isPrefilled(request) ? rest : unavailable()))
                        .closes()
                        .caller("200 \"Hello there\" from main")
                        .providers("main 1, closed; spare 1")
                        .accounted(GUESSED_SPARE + ", 2 attempts"),
                recovered(StreamRecovery.CONTINUE, "cut after a word; spare refuses the beginning")
                        .mainAlways(cutAfter("Hello"))
                        .spareAlways(Answer.from(request -> isPrefilled(request)
                                ? error(400, "no_prefill", "does not support assistant message prefill")
                                : same))
                        .closes()
                        .caller("200 \"Hello there\" from main")
                        .providers("main 1, closed; spare 2")
                        .accounted(GUESSED_SPARE + ", 3 attempts"));
    }

    private static boolean isPrefilled(ReceivedRequest request) {
        return request.json().path("messages").findValuesAsText("role").contains("assistant");
    }

    private static Scenario recovered(StreamRecovery how, String name) {
        return Scenario.stream(name).withRoute("stream-recovery: " + how.text(), route -> route.withRecovery(how));
    }
}
