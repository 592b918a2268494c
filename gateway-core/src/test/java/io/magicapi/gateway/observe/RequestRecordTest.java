package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.GenAiNames;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RequestRecordTest {

    private final Metrics metrics = new Metrics((provider, model) -> true);
    private final GatewayConfig config = GatewayConfig.defaults();
    private final Recorder recorder = new Recorder(config, new Prices(() -> config), metrics, Map.of());
    private final AtomicInteger overs = new AtomicInteger();

    @AfterEach
    void close() {
        recorder.close();
    }

    private RequestRecord begin() {
        RequestRecord record =
                recorder.begin(overs::incrementAndGet, "id", "POST", "/v1/chat/completions", name -> null);
        record.asked("chat/completions", false);
        record.metered(400, true);
        return record;
    }

    @Test
    @DisplayName("a request and each of its attempts are settled once, however often they are said to be over")
    void once() {
        RequestRecord record = begin();
        AttemptRecord first = record.attempt("groq", Optional.of("llama-3.1-8b-instant"));
        first.sent();
        first.answered(200);
        first.failed(ErrorCode.UPSTREAM_CUT);
        first.passedOver();
        AttemptRecord second = record.attempt("openai", Optional.of("gpt-4o-mini"));
        second.sent();
        second.answered(200);
        second.used(Optional.of(new Usage(10, 10, 20)));
        record.close(Outcome.COMPLETED);
        record.close(Outcome.ABORTED);
        second.failed(ErrorCode.UPSTREAM_CUT);

        assertThat(overs).hasValue(1);
        assertThat(record.outcome()).isEqualTo(Outcome.COMPLETED);
        assertThat(record.usage()).isEqualTo(new Usage(110, 0, 0, 10, 0, 120, true));
        assertThat(first.nanos()).isEqualTo(5000); // 100 tokens at $0.05 a million
        assertThat(second.nanos()).isEqualTo(1500 + 6000);
        assertThat(record.cost()).contains("0.0000125");
        assertThat(metrics.text())
                .contains("gateway_attempts_total{provider=\"groq\",result=\"upstream_cut\"} 1.0")
                .contains("gateway_attempts_total{provider=\"openai\",result=\"2xx\"} 1.0");
    }

    @Test
    @DisplayName("who could not be asked was passed over, unless the client did not wait for it, and is no attempt")
    void notSent() {
        RequestRecord record = begin();
        record.attempt("groq", Optional.of("m")).failed(ErrorCode.OVERLOADED);
        record.attempt("openai", Optional.of("m"));
        record.close(Outcome.ABORTED);

        assertThat(record.attempts()).isZero();
        assertThat(metrics.text())
                .contains("gateway_passed_over_total{provider=\"groq\",reason=\"overloaded\"} 1.0")
                .doesNotContain("gateway_attempts_total")
                .doesNotContain("gateway_passed_over_total{provider=\"openai\"");
    }

    @Test
    @DisplayName("an attempt that had no answer, or an error, has used nothing")
    void nothing() {
        RequestRecord record = begin();
        record.attempt("groq", Optional.of("m")).failed(ErrorCode.UPSTREAM_UNREACHABLE);
        AttemptRecord refused = record.attempt("groq", Optional.of("m"));
        refused.answered(429);
        record.wrote(1000);
        record.close(Outcome.COMPLETED);

        assertThat(record.usage()).isNull();
        assertThat(record.cost()).isEmpty();
    }

    @Test
    @DisplayName("the stopwatch stops while the gateway waits")
    void stopwatch() throws InterruptedException {
        RequestRecord record = begin();
        record.waits();
        Thread.sleep(20);
        record.works();
        AttemptRecord attempt = record.attempt("groq", Optional.of("m"));
        attempt.sent();
        Thread.sleep(20);
        attempt.answered(200);
        attempt.waits();
        Thread.sleep(20);
        attempt.takes();
        record.wrote(10);
        attempt.waits();
        Thread.sleep(20);
        attempt.takes(); // the client gets the answer already: no more looks at the clock
        Thread.sleep(20);
        attempt.received();
        record.close(Outcome.COMPLETED);

        assertThat(record.duration()).isGreaterThan(95_000_000L);
        assertThat(record.overhead()).isBetween(0L, 60_000_000L).isLessThan(record.duration() - 95_000_000L);
        assertThat(record.untilFirstByte()).isBetween(55_000_000L, record.duration());
    }

    @Test
    @DisplayName("an attempt that goes on where another broke off is timed and settled for itself")
    void continued() throws InterruptedException {
        RequestRecord record = begin();
        AttemptRecord first = record.attempt("groq", Optional.of("m"));
        first.answered(200);
        record.wrote(40);
        first.failed(ErrorCode.UPSTREAM_CUT);
        AttemptRecord second = record.attempt("openai", Optional.of("gpt-4o-mini"));
        second.waits();
        Thread.sleep(30);
        second.takes();
        second.sent();
        second.answered(200);
        second.waits();
        Thread.sleep(30);
        second.takes();
        record.wrote(80);
        second.waits();
        Thread.sleep(30);
        record.close(Outcome.COMPLETED);

        assertThat(record.overhead()).isLessThan(record.duration() - 85_000_000L);
        assertThat(record.untilFirstByte()).isLessThan(record.duration() - 85_000_000L);
        assertThat(first.usage()).isEqualTo(Usage.estimate(100, 10));
        assertThat(second.usage()).isEqualTo(Usage.estimate(100, 20));
        assertThat(record.provider()).isEqualTo("openai");
    }

    @Test
    @DisplayName("only the provider's name differs between the versions of OpenTelemetry's names")
    void names() {
        GenAi old = GenAi.of(GenAiNames.V1_36);
        GenAi current = GenAi.of(GenAiNames.V1_37);

        assertThat(old.provider()).isEqualTo("gen_ai.system");
        assertThat(current.provider()).isEqualTo("gen_ai.provider.name");
        assertThat(current.operation("responses")).isEqualTo("chat");
        assertThat(current.operation("completions")).isEqualTo("text_completion");
        assertThat(current.operation("embeddings")).isEqualTo("embeddings");
    }
}
