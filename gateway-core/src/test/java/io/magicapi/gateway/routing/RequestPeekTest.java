package io.magicapi.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPeekTest {

    private static RequestPeek peek(String body) {
        return RequestPeek.of(Buffer.buffer(body));
    }

    private static GatewayException refusal(Buffer body) {
        return catchThrowableOfType(GatewayException.class, () -> RequestPeek.of(body));
    }

    @Test
    @DisplayName("R19: model, stream and include_usage are found wherever they stand")
    void r19_found() {
        String body =
                "{ \"messages\":[{\"role\":\"user\",\"content\":\"\\\"model\\\":\\\"x\\\"\",\"model\":\"inner\",\"stream\":true}],"
                        + "\"stream_options\":{\"include_usage\":true,\"x\":[{}]}, \"stream\" : true,\"model\": \"llama-3.1\" }\n";

        RequestPeek peek = peek(body);

        assertThat(peek.model()).contains("llama-3.1");
        assertThat(peek.requireModel()).isEqualTo("llama-3.1");
        assertThat(peek.stream()).isTrue();
        assertThat(peek.includeUsage()).isTrue();
    }

    @ParameterizedTest
    @DisplayName("R19: only the value true asks for a stream")
    @ValueSource(
            strings = {
                "{}",
                "{\"stream\":false}",
                "{\"stream\":\"true\"}",
                "{\"stream\":1}",
                "{\"stream\":null}",
                "{\"stream\":[true]}"
            })
    void r19_noStream(String body) {
        assertThat(peek(body).stream()).isFalse();
        assertThat(peek(body).includeUsage()).isFalse();
    }

    @ParameterizedTest
    @DisplayName("A request without a usable model says so when one is needed, and not before")
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | has no \"model\"",
                "{\"model\":null} | must be a string",
                "{\"model\":7} | must be a string",
                "{\"model\":{\"model\":\"x\"}} | must be a string",
                "{\"model\":[\"x\"]} | must be a string",
                "{\"model\":\"\"} | must be a string",
            })
    void modelRequired(String body, String message) {
        RequestPeek peek = peek(body);

        assertThat(peek.model()).isEmpty();
        assertThatThrownBy(peek::requireModel).isInstanceOfSatisfying(GatewayException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.MODEL_REQUIRED);
            assertThat(e.param()).contains("model");
            assertThat(e).hasMessageContaining(message);
        });
    }

    @ParameterizedTest
    @DisplayName("R13: what is not one JSON object is refused if the model decides, and unknown if not")
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | no body",
                "'   ' | must be a JSON object",
                "[] | must be a JSON object",
                "\"model\" | must be a JSON object",
                "{ | not valid JSON",
                "{\"model\":\"m\" | not valid JSON",
                "{\"model\":\"m\",} | not valid JSON",
                "{\"model\" \"m\"} | not valid JSON",
                "{model:\"m\"} | not valid JSON",
                "{'model':1} | not valid JSON",
                "{\"model\":\"m\"} x | not valid JSON",
                "{\"model\":\"m\"}{} | nothing after it",
                "{\"model\":\"m\"}} | not valid JSON",
                "{\"a\":NaN} | not valid JSON",
                "{\"a\":01} | not valid JSON",
                "{\"a\":\"\\x\"} | not valid JSON",
                "{\"a\":[1,]} | not valid JSON",
                "{\"a\":[1}} | not valid JSON",
                "{\"a\":tru} | not valid JSON",
                "{/*c*/\"a\":1} | not valid JSON",
            })
    void r13_invalid(String body, String message) {
        assertThat(refusal(Buffer.buffer(body)))
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON));
    }

    @ParameterizedTest
    @DisplayName("A field the gateway reads must not be given twice: the upstream might take the other one")
    @ValueSource(
            strings = {
                "{\"model\":\"a\",\"model\":\"b\"}",
                "{\"model\":\"a\",\"messages\":[],\"mod\\u0065l\":\"b\"}",
                "{\"model\":null,\"model\":\"b\"}",
                "{\"stream\":true,\"stream\":false}",
                "{\"stream_options\":{},\"stream_options\":{}}",
                "{\"stream_options\":{\"include_usage\":true,\"include_usage\":false}}",
            })
    void duplicates(String body) {
        assertThat(refusal(Buffer.buffer(body))).hasMessageContaining("more than once");
    }

    @Test
    @DisplayName("R9: fields it does not read may be anything JSON allows")
    void r9_unread() {
        String body = "{\"a\":1e999999999,\"a\":" + "9".repeat(1000) + ",\"b\":\"\\ud800\\u0000\",\"model\":\"m\"}";

        assertThat(peek(body).model()).contains("m");
    }

    @Test
    @DisplayName("A number of more than 1000 digits is refused")
    void digits() {
        assertThat(refusal(Buffer.buffer("{\"a\":" + "9".repeat(1001) + "}"))).hasMessageContaining("number");
    }

    @ParameterizedTest
    @DisplayName("A body in UTF-16, in UTF-32 or with a byte order mark is refused, or unknown")
    @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE", "BOM"})
    void encodings(String encoding) throws Exception {
        String json = "{\"model\":\"m\"}";
        byte[] bytes =
                encoding.equals("BOM") ? ("\ufeff" + json).getBytes(StandardCharsets.UTF_8) : json.getBytes(encoding);

        assertThat(refusal(Buffer.buffer(bytes))).hasMessageContaining("UTF-8 without a byte order mark");
    }

    @Test
    @DisplayName("Invalid UTF-8 is refused: overlong forms, surrogates, cut sequences")
    void invalidUtf8() {
        int[][] faults = {
            {0xc0, 0xaf}, {0xe0, 0x80, 0xaf}, {0xed, 0xa0, 0x80}, {0xf5, 0x80, 0x80, 0x80}, {0xff}, {0xc3}, {0x80}
        };
        for (int[] fault : faults) {
            Buffer body = Buffer.buffer("{\"model\":\"m");
            for (int b : fault) {
                body.appendByte((byte) b);
            }
            body.appendString("\"}");

            assertThat(refusal(body)).hasMessage("the request body is not valid UTF-8 at byte 11");
        }
    }

    @Test
    @DisplayName("UTF-8 is judged as the JDK judges it")
    void utf8LikeJdk() {
        Random random = new Random(42);
        int[] interesting = {
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
            0xff
        };
        int valid = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = (byte) (random.nextInt(3) == 0 ? 'a' : interesting[random.nextInt(interesting.length)]);
            }
            boolean expected = true;
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
                valid++;
            } catch (CharacterCodingException e) {
                expected = false;
            }
            assertThat(Utf8.firstFault(bytes, 0, bytes.length) < 0)
                    .as("%s", bytes)
                    .isEqualTo(expected);
        }
        assertThat(valid).isGreaterThan(1000);
    }

    @Test
    @DisplayName("Depth beyond 1000 is refused quickly, and without a stack overflow")
    void depth() {
        assertThat(peek("{\"a\":" + "[".repeat(999) + "]".repeat(999) + ",\"model\":\"m\"}")
                        .model())
                .contains("m");
        assertTimeoutPreemptively(Duration.ofSeconds(2), () -> {
            assertThat(refusal(Buffer.buffer("{\"a\":" + "[".repeat(1000) + "]".repeat(1000) + "}")))
                    .hasMessageContaining("nested too deeply");
            assertThat(refusal(Buffer.buffer("{\"a\":" + "[{\"a\":".repeat(1_000_000))))
                    .hasMessageContaining("nested too deeply");
        });
    }

    @Test
    @DisplayName("Fifty thousand fields are no trouble")
    void manyFields() {
        StringBuilder body = new StringBuilder("{");
        for (int i = 0; i < 50_000; i++) {
            body.append("\"field").append(i).append("\":").append(i).append(',');
        }
        body.append("\"model\":\"m\"}");

        assertTimeoutPreemptively(
                Duration.ofSeconds(5),
                () -> assertThat(peek(body.toString()).model()).contains("m"));
    }

    @Test
    @DisplayName("An image of 24 million characters in base64 is no trouble")
    void longString() {
        Buffer body =
                Buffer.buffer("{\"messages\":[{\"content\":\"" + "QUJD".repeat(6_000_000) + "\"}],\"model\":\"m\"}");

        assertThat(RequestPeek.of(body).model()).contains("m");
        assertThat(RequestPeek.of(body).withModel(body, "n").length()).isEqualTo(body.length());
    }

    @ParameterizedTest
    @DisplayName("R9: another model changes the bytes of that value and no other")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model\":\"groq/llama\"} | {\"model\":\"new\"}",
                "{ \"é\":\"🎉\", \"model\" :\t\"a\\\"\\\\\" , \"x\":1.0} | { \"é\":\"🎉\", \"model\" :\t\"new\" , \"x\":1.0}",
                "{\"b\":[{\"model\":\"inner\"}],\"model\":\"\\u0061\\ud83c\\udf89\",\"c\":\"\\ud800\"} | {\"b\":[{\"model\":\"inner\"}],\"model\":\"new\",\"c\":\"\\ud800\"}",
            })
    void r9_withModel(String before, String after) {
        // A buffer that does not begin at its array's first byte.
        Buffer whole = Buffer.buffer("..." + before + "...");
        Buffer body = whole.slice(3, whole.length() - 3);

        RequestPeek peek = RequestPeek.of(body);

        assertThat(peek.withModel(body, "new")).hasToString(after);
        assertThat(body).hasToString(before);
    }

    @ParameterizedTest
    @DisplayName("the wish for usage changes the bytes that say otherwise, or is added, and changes no other")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model\":\"m\",\"é\":1} | {\"stream_options\":{\"include_usage\":true},\"model\":\"m\",\"é\":1}",
                "{ \"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true}, \"model\":\"m\"}",
                "{\"model\":\"m\",\"stream_options\":{ }} | {\"model\":\"m\",\"stream_options\":{\"include_usage\":true }}",
                "{\"stream_options\":{\"x\":[1]},\"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true,\"x\":[1]},\"model\":\"m\"}",
                "{\"stream_options\":{\"include_usage\": false },\"model\":\"m\"} | {\"stream_options\":{\"include_usage\": true },\"model\":\"m\"}",
                "{\"stream_options\":{\"include_usage\":0,\"y\":1},\"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true,\"y\":1},\"model\":\"m\"}",
                "{\"stream_options\":{\"include_usage\":\"a,b}\"},\"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true},\"model\":\"m\"}",
                "{\"stream_options\":{\"include_usage\":{\"z\":[{}]}},\"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true},\"model\":\"m\"}",
                "{\"stream_options\":null,\"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true},\"model\":\"m\"}",
                "{\"model\":\"m\",\"stream_options\":[1,{\"a\":2}] } | {\"model\":\"m\",\"stream_options\":{\"include_usage\":true} }",
                "{\"stream_options\":12.5,\"model\":\"m\"} | {\"stream_options\":{\"include_usage\":true},\"model\":\"m\"}",
            })
    void withUsage(String before, String after) {
        Buffer whole = Buffer.buffer("..." + before + "...");
        Buffer body = whole.slice(3, whole.length() - 3);

        RequestPeek peek = RequestPeek.of(body);

        String wished = peek.withUsage(body, Optional.empty()).toString();
        assertThat(wished).isEqualTo(after.strip());
        assertThat(RequestPeek.of(Buffer.buffer(wished)).includeUsage()).isTrue();
        assertThat(peek.withUsage(body, Optional.of("n/o")))
                .hasToString(after.strip().replace("\"m\"", "\"n/o\""));
        assertThat(body).hasToString(before);
    }

    @Test
    @DisplayName("A new model is escaped as JSON wants it")
    void escapes() {
        Buffer body = Buffer.buffer("{\"model\":\"m\"}");

        assertThat(RequestPeek.of(body).withModel(body, "a\"\\\n/é🎉")).hasToString("{\"model\":\"a\\\"\\\\\\n/é🎉\"}");
        assertThatThrownBy(() -> peek("{}").withModel(Buffer.buffer("{}"), "m"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    @DisplayName("R15: a refusal quotes nothing of the body")
    void r15_noQuote() {
        assertThat(refusal(Buffer.buffer("{\"key\":\"sk-canary\" sk-canary}")).getMessage())
                .doesNotContain("canary");
        assertThat(refusal(Buffer.buffer("{\"model\":sk-canary}")).getMessage()).doesNotContain("canary");
    }

    @Test
    @DisplayName("Nothing that comes makes it fail in another way")
    void random() {
        Random random = new Random(3);
        String[] pieces = {
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"model\"",
            "\"stream\"",
            "\"stream_options\"",
            "\"x\"",
            "\"",
            "\\",
            "1",
            "-",
            "true",
            " ",
            "\u0000",
            "é"
        };
        for (int i = 0; i < 100_000; i++) {
            StringBuilder body = new StringBuilder(random.nextBoolean() ? "{" : "");
            for (int k = random.nextInt(20); k > 0; k--) {
                body.append(pieces[random.nextInt(pieces.length)]);
            }
            Buffer bytes = Buffer.buffer(body.toString());
            try {
                RequestPeek.of(bytes);
            } catch (GatewayException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON);
            }
        }
    }
}
