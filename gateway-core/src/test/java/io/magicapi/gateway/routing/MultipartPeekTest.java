package io.magicapi.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartPeekTest {

    private static final String FILE = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
            + "Content-Type: audio/wav\r\n\r\nRIFF\r\n--\r\n--A\r\r\n-\u0000\r\n\r\n";
    private static final String MODEL =
            "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-large-v3\r\n";
    private static final String STREAM = "--B\r\ncontent-disposition:form-data;name=stream\r\n\r\ntrue\r\n";
    private static final String END = "--B--\r\n";

    private static MultipartPeek feed(String body) {
        MultipartPeek peek = new MultipartPeek("B");
        peek.feed(Buffer.buffer(body));
        return peek;
    }

    @Test
    @DisplayName("R10: the model is found with its place in the body, whichever part it is")
    void r10_found() {
        for (String body : new String[] {MODEL + FILE + END, FILE + MODEL + END, STREAM + FILE + MODEL + FILE + END}) {
            MultipartPeek peek = feed(body);

            assertThat(peek.model()).contains("whisper-large-v3");
            assertThat(body.substring((int) peek.modelStart(), (int) peek.modelEnd()))
                    .isEqualTo("whisper-large-v3");
            assertThat(peek.ended()).isTrue();
            assertThat(peek.malformed()).isFalse();
        }
    }

    @Test
    @DisplayName("R10: the model is known as soon as its delimiter is, not at the end")
    void r10_early() {
        MultipartPeek peek = feed(MODEL);
        assertThat(peek.found()).isFalse();

        peek.feed(Buffer.buffer("--B"));
        assertThat(peek.found()).isTrue();
        assertThat(peek.ended()).isFalse();
    }

    @Test
    @DisplayName("R19: stream is found too")
    void r19_stream() {
        assertThat(feed(STREAM + MODEL + END).stream()).isTrue();
        assertThat(feed(STREAM.replace("true", "false") + MODEL + END).stream()).isFalse();
    }

    @Test
    @DisplayName("R10: cut at any two bytes, a body tells the same")
    void r10_everySplit() {
        byte[] body = ("preamble\r\n" + FILE + MODEL + STREAM + END + "epilogue").getBytes(StandardCharsets.UTF_8);
        MultipartPeek whole = feed(new String(body, StandardCharsets.UTF_8));
        for (int first = 0; first <= body.length; first++) {
            for (int second = first; second <= body.length; second++) {
                MultipartPeek peek = new MultipartPeek("B");
                peek.feed(Buffer.buffer(Arrays.copyOf(body, first)));
                peek.feed(Buffer.buffer(Arrays.copyOfRange(body, first, second)));
                peek.feed(Buffer.buffer(Arrays.copyOfRange(body, second, body.length)));
                boolean same = peek.model().equals(whole.model())
                        && peek.modelStart() == whole.modelStart()
                        && peek.modelEnd() == whole.modelEnd()
                        && peek.stream()
                        && peek.ended();
                assertThat(same).as("cut at %s and %s", first, second).isTrue();
            }
        }
    }

    @ParameterizedTest
    @DisplayName("R10: the field's name is read from any header that is allowed")
    @ValueSource(
            strings = {
                "Content-Disposition: form-data; name=\"model\"",
                "CONTENT-DISPOSITION:form-data;name=model",
                "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; x=\"a;b\"; NAME = \"mo\\del\" ; y",
                "Content-Disposition: form-data; ; flag; name=\"model\"\r\nContent-Length: 1",
            })
    void r10_headers(String headers) {
        assertThat(feed("--B\r\n" + headers + "\r\n\r\nm\r\n--B--").model()).contains("m");
    }

    @ParameterizedTest
    @DisplayName("R10: other parts are not taken for the model")
    @ValueSource(
            strings = {
                "Content-Disposition: form-data; name=\"model\"; filename=\"model\"",
                "Content-Disposition: form-data; name=\"models\"",
                "Content-Disposition: form-data; xname=\"model\"",
                "Content-Disposition: form-data; x=\"; name=model\"",
                "X-Content-Disposition: form-data; name=\"model\"",
                "Content-Type: text/plain",
            })
    void r10_otherHeaders(String headers) {
        MultipartPeek peek = feed("--B\r\n" + headers + "\r\n\r\nm\r\n--B--");

        assertThat(peek.found()).isFalse();
        assertThat(peek.ended()).isTrue();
    }

    @Test
    @DisplayName("R10: values may hold pieces of the delimiter, and may be empty")
    void r10_values() {
        assertThat(feed("--B\r\nContent-Disposition: form-data; name=model\r\n\r\n\r\n--\r\r\n-\r\n--B--")
                        .model())
                .contains("\r\n--\r\r\n-");
        assertThat(feed("--B\r\nContent-Disposition: form-data; name=model\r\n\r\n\r\n--B--")
                        .model())
                .isEmpty();
        // The blank line's own CR LF begins the delimiter.
        MultipartPeek none = feed("--B\r\nContent-Disposition: form-data; name=model\r\n\r\n--B--");
        assertThat(none.found()).isTrue();
        assertThat(none.model()).isEmpty();
        assertThat(none.modelEnd() - none.modelStart()).isZero();
        assertThat(none.ended()).isTrue();
    }

    @ParameterizedTest
    @DisplayName("What is no upload is malformed")
    @ValueSource(strings = {"--Bx", "--B\r\r", "--B-x", "--B\n\n"})
    void malformed(String body) {
        assertThat(feed(body).malformed()).isTrue();
    }

    @Test
    @DisplayName("Headers and values without end, and a second model, are malformed")
    void limits() {
        assertThat(feed("--B\r\n" + "x".repeat(17_000)).malformed()).isTrue();
        assertThat(feed("--B\r\nContent-Disposition: form-data; name=model\r\n\r\n" + "x".repeat(5_000))
                        .malformed())
                .isTrue();
        assertThat(feed(MODEL + MODEL + END).malformed()).isTrue();
    }

    @Test
    @DisplayName("A body without any delimiter is neither found, nor ended, nor malformed")
    void nothing() {
        MultipartPeek peek = feed("\r\n--\r\n--C\r\n".repeat(100));

        assertThat(peek.found() || peek.ended() || peek.malformed()).isFalse();
    }

    @ParameterizedTest
    @DisplayName("R10: the boundary is read from any content type that is allowed")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "multipart/form-data; boundary=abc | abc",
                "Multipart/Form-Data;charset=utf-8;BOUNDARY=\"a b:c;=\" | a b:c;=",
                "multipart/form-data; boundary=----formdata-undici-012 | ----formdata-undici-012",
                "multipart/form-data; boundary=\"a\\\"b\"; x=y | a\"b",
                "multipart/form-data | -",
                "multipart/form-data; boundary= | -",
                "multipart/form-data; boundary=\"\" | -",
                "multipart/form-data; boundary=é | -",
                "multipart/mixed; boundary=abc | -",
                "application/json | -",
                "`` | -",
            })
    void r10_boundary(String contentType, String boundary) {
        assertThat(MultipartPeek.boundary(contentType).orElse("-")).isEqualTo(boundary);
    }

    @Test
    @DisplayName("Nothing that comes can make it fail")
    void random() {
        Random random = new Random(5);
        String[] pieces = {
            "\r",
            "\n",
            "\r\n",
            "--B",
            "--",
            "-",
            "B",
            "\r\n--B\r\n",
            "\r\n\r\n",
            "Content-Disposition: form-data; name=\"model\"",
            ";",
            "=",
            "\"",
            "x",
            "\\"
        };
        for (int i = 0; i < 100_000; i++) {
            MultipartPeek peek = new MultipartPeek("B");
            StringBuilder all = new StringBuilder();
            for (int k = random.nextInt(25); k > 0; k--) {
                String piece = pieces[random.nextInt(pieces.length)];
                all.append(piece);
                peek.feed(Buffer.buffer(piece));
            }
            MultipartPeek whole = feed(all.toString());
            assertThat(peek.model()).as("%s", all).isEqualTo(whole.model());
            assertThat(peek.modelStart()).isEqualTo(whole.modelStart());
            assertThat(peek.malformed()).isEqualTo(whole.malformed());
        }
    }
}
