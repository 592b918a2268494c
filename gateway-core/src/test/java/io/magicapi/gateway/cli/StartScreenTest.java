package io.magicapi.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.cli.StartScreen.Concern;
import io.magicapi.gateway.cli.StartScreen.Row;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class StartScreenTest {

    private static final Row ECHO = new Row("echo", "built in", "none needed", "ready", Concern.CALM);
    private static final Row GROQ = new Row("groq", "0.1.0", "GROQ_API_KEY gsk_…a1b2", "ready", Concern.CALM);
    private static final Row OPENAI = new Row(
            "openai",
            "0.1.0",
            "not set: OPENAI_API_KEY",
            "waits for a key (callers may send their own)",
            Concern.UNUSED);
    private static final Row ACME =
            new Row("acme", "1.4.0", "-", "REJECTED GW-P03 acme needs gateway-api 2.x", Concern.ATTENTION);

    private static StartScreen screen(String url, List<Row> rows) {
        return new StartScreen(
                "0.1.0",
                url,
                "http://127.0.0.1:3001/admin   key from GATEWAY_ADMIN_KEY",
                "./gateway.yaml",
                Path.of("/p"),
                true,
                3,
                1,
                "io_uring",
                rows,
                Duration.ofMillis(523));
    }

    @Test
    @DisplayName("the screen says where the API is, what was used, how each provider is, and what to try")
    void screen() {
        List<String> lines = screen("http://127.0.0.1:3000/v1", List.of(ECHO, GROQ, OPENAI, ACME))
                .lines(false);

        assertThat(lines.get(0)).startsWith("gateway 0.1.0   Java ").contains("   pid ");
        assertThat(lines.subList(1, lines.size()))
                .containsExactly(
                        "",
                        "  API         http://127.0.0.1:3000/v1",
                        "  Admin       http://127.0.0.1:3001/admin   key from GATEWAY_ADMIN_KEY",
                        "  Config      ./gateway.yaml",
                        "  Plugins     /p  watching, 3 loaded, 1 rejected",
                        "  Transport   io_uring",
                        "",
                        "  PROVIDER   VERSION    KEY                       STATE",
                        "  echo       built in   none needed               ready",
                        "  groq       0.1.0      GROQ_API_KEY gsk_…a1b2    ready",
                        "  openai     0.1.0      not set: OPENAI_API_KEY   waits for a key (callers may send their own)",
                        "  acme       1.4.0      -                         REJECTED GW-P03 acme needs gateway-api 2.x",
                        "",
                        "  Try    curl 127.0.0.1:3000/v1/chat/completions -d "
                                + "'{\"model\":\"echo/hi\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'",
                        "  ready in 0.52 s");
    }

    @Test
    @DisplayName("with many providers it keeps within 20 lines, and what needs attention stays")
    void many() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            rows.add(new Row("p" + i, "1.0.0", "none needed", "ready", Concern.CALM));
        }
        rows.add(OPENAI);
        rows.add(ACME);

        List<String> lines = screen("http://127.0.0.1:3000/v1", rows).lines(false);

        assertThat(lines).hasSizeLessThanOrEqualTo(20);
        assertThat(String.join("\n", lines))
                .contains("openai")
                .contains("acme")
                .contains("… and 25 more, see: gateway plugins list");
    }

    @Test
    @DisplayName("many providers that nobody has set up take a line or two, not a row each")
    void unused() {
        List<Row> rows = new ArrayList<>(List.of(ECHO, GROQ, ACME));
        for (int i = 0; i < 13; i++) {
            rows.add(new Row(
                    "cloud" + i,
                    "0.1.0",
                    "not set: K",
                    "waits for a key (callers may send their own)",
                    Concern.UNUSED));
        }
        rows.add(new Row("local1", "0.1.0", "none needed", "ready", Concern.UNUSED));
        rows.add(new Row("local2", "0.1.0", "none needed", "ready", Concern.UNUSED));

        List<String> lines = screen("http://127.0.0.1:3000/v1", rows).lines(false);

        assertThat(lines).hasSizeLessThanOrEqualTo(20);
        assertThat(lines.subList(8, 14))
                .satisfiesExactly(
                        header -> assertThat(header).startsWith("  PROVIDER"),
                        first -> assertThat(first).startsWith("  echo "),
                        second -> assertThat(second).startsWith("  groq "),
                        third -> assertThat(third).startsWith("  acme ").contains("REJECTED"),
                        waiting -> assertThat(waiting)
                                .isEqualTo(
                                        "  waiting for a key   cloud0, cloud1, cloud2, cloud3, cloud4, cloud5, cloud6,"
                                                + " cloud7, cloud8, cloud9, cloud10, cloud11, cloud12"
                                                + " (callers may send their own)"),
                        keyless -> assertThat(keyless).isEqualTo("  no key needed       local1, local2"));
    }

    @Test
    @DisplayName("names that are too many for a line are counted")
    void tooManyUnused() {
        List<Row> rows = new ArrayList<>();
        for (int i = 10; i < 60; i++) {
            rows.add(new Row("p" + i, "1.0.0", "none needed", "ready", Concern.UNUSED));
        }

        assertThat(screen("http://127.0.0.1:3000/v1", rows).lines(false))
                .hasSizeLessThanOrEqualTo(20)
                .allMatch(line -> line.length() < 200)
                .anyMatch(line -> line.endsWith(", p33 and 26 more"));
    }

    @Test
    @DisplayName("only rejected plugins, many of them, keep within 20 lines too")
    void manyRejected() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            rows.add(new Row("p" + i, "1.0.0", "-", "REJECTED " + "x".repeat(500), Concern.ATTENTION));
        }

        List<String> lines = screen("http://127.0.0.1:3000/v1", rows).lines(false);

        assertThat(lines).hasSizeLessThanOrEqualTo(20).allMatch(line -> line.length() < 200);
    }

    @Test
    @DisplayName("the curl for a wildcard address goes through loopback")
    void wildcard() {
        assertThat(screen("http://0.0.0.0:80/v1", List.of(ECHO)).lines(false))
                .anyMatch(line -> line.contains("curl 127.0.0.1:80/v1"));
        assertThat(screen("http://[::]:80/v1", List.of(ECHO)).lines(false))
                .anyMatch(line -> line.contains("curl [::1]:80/v1"));
        assertThat(screen("http://[::1]:80/v1", List.of()).lines(false))
                .anyMatch(line -> line.contains("curl [::1]:80/v1/models"));
    }

    @Test
    @DisplayName("colours only where they are wanted")
    void colours() {
        StartScreen screen = screen("http://127.0.0.1:3000/v1", List.of(ECHO, ACME));

        assertThat(String.join("", screen.lines(true))).contains("\u001b[31m");
        assertThat(String.join("", screen.lines(false))).doesNotContain("\u001b");
    }
}
