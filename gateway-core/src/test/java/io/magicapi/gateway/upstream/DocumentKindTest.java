package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentKindTest {

    @ParameterizedTest
    @DisplayName("the first bytes tell an object, an error, a web page and everything else apart")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"id\":\"c\",\"error\":{}}    | OBJECT",
                "{                              | OBJECT",
                "{\"err                         | OBJECT",
                "{\"error\"                     | OBJECT",
                "{\"error\": null, \"id\": 1}   | OBJECT",
                "{\"errors\":[]}                | OBJECT",
                "{\"error\":{\"message\":\"m\"}}| ERROR",
                "{ \"error\" : \"overloaded\" } | ERROR",
                "<!doctype html>                | PAGE",
                "data: {}                       | OTHER",
                "[{}]                           | OTHER",
                "\"text\"                       | OTHER",
            })
    void kind(String text, DocumentKind kind) {
        assertThat(DocumentKind.of(Buffer.buffer(text))).isEqualTo(kind);
        assertThat(DocumentKind.of(Buffer.buffer("\r\n \t" + text))).isEqualTo(kind);
    }

    @ParameterizedTest
    @DisplayName("nothing, and nothing but blanks, is no kind yet")
    @ValueSource(strings = {"", "\n", " \r\n\t"})
    void nothing(String text) {
        assertThat(DocumentKind.of(Buffer.buffer(text))).isEqualTo(DocumentKind.OTHER);
    }

    @ParameterizedTest
    @DisplayName("an object ends with its brace, but for blanks")
    @CsvSource(
            quoteCharacter = '\0',
            delimiter = '|',
            value = {"{}|true", "{\"a\":1} |true", "{|false", "{\"a\":\"b|false", "}|true", "[]|false"})
    void endsObject(String text, boolean ends) {
        assertThat(DocumentKind.endsObject(Buffer.buffer(text + "\r\n"))).isEqualTo(ends);
        assertThat(DocumentKind.endsObject(Buffer.buffer("\n"))).isFalse();
    }
}
