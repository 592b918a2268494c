package io.magicapi.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class JsonScanTest {

    private static final JsonFactory JACKSON = new JsonFactory();

    private static final String[] BEGINNINGS = {
        "{\"model\":\"llama\",\"messages\":[{\"role\":\"user\",\"content\":\"Wie heißt \\\"Würde\\\" — 尊严?\\n\"}]}",
        "{ \"a\" : [ 1 , -0 , 0.5e-3 , 12E+7 , true , false , null , [ ] , { } ,"
                + " \"\\/\\b\\ud83c\\udf89\" ] , \"b\\u00e9\" : 1 }",
        "{\"a\":{\"b\":{\"c\":[[[\"deep\"],{}],\"x\"]}},\"long text without anything special in it\":10.25}",
    };

    private static final String SPECIAL = "{}[]:,\"\\/+-.eE0123456789ntfu \t\n\r\u0000\u001f\u007fbx";

    private static boolean scanned(byte[] text) {
        JsonScan scan = new JsonScan(text, 0, text.length);
        try {
            scan.skipValue();
            return scan.next() < 0;
        } catch (JsonScan.Fault fault) {
            assertThat(fault.at()).isBetween(0, text.length);
            return false;
        }
    }

    private static boolean parsed(byte[] text) {
        try (JsonParser parser = JACKSON.createParser(new String(text, StandardCharsets.UTF_8))) {
            if (parser.nextToken() == null) {
                return false;
            }
            parser.skipChildren();
            parser.finishToken();
            return parser.nextToken() == null;
        } catch (IOException invalid) {
            return false;
        }
    }

    @Test
    @DisplayName("JSON is what Jackson takes for it, also where a character is missing, exchanged or too many")
    void likeJackson() {
        Random random = new Random(7);
        int valid = 0;
        for (int i = 0; i < 300_000; i++) {
            StringBuilder text = new StringBuilder(BEGINNINGS[random.nextInt(BEGINNINGS.length)]);
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                int at = random.nextInt(text.length());
                int until = at + random.nextInt(2);
                String by =
                        random.nextInt(3) == 0 ? "" : String.valueOf(SPECIAL.charAt(random.nextInt(SPECIAL.length())));
                text.replace(at, until, by);
            }
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);

            boolean expected = parsed(bytes);

            assertThat(scanned(bytes)).as("%s", text).isEqualTo(expected);
            valid += expected ? 1 : 0;
        }
        assertThat(valid).isBetween(10_000, 290_000);
    }

    @Test
    @DisplayName("A string ends at its quote, wherever that and what precedes it stand among eight bytes")
    void strings() throws Exception {
        String[] contents = {"", "\\\\", "\\\"", "é", "尊严", "🎉", "\\n", "\u007f"};
        for (int before = 0; before < 20; before++) {
            for (String content : contents) {
                for (int after = 0; after < 20; after++) {
                    String text = "\"" + "a".repeat(before) + content + "b".repeat(after) + "\"";
                    byte[] bytes = (text + ",\"c\"").getBytes(StandardCharsets.UTF_8);
                    JsonScan scan = new JsonScan(bytes, 0, bytes.length);

                    String read = scan.string();

                    assertThat(scan.position()).isEqualTo(bytes.length - 4);
                    try (JsonParser parser = JACKSON.createParser(text)) {
                        assertThat(read).isEqualTo(parser.nextTextValue());
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("No control character passes in a string, nor a byte that is not UTF-8")
    void strictStrings() {
        for (int before = 0; before < 9; before++) {
            for (int b = 0; b < 256; b++) {
                byte[] bytes = ("\"" + "a".repeat(before) + "?aaaaaaaaaa\"").getBytes(StandardCharsets.US_ASCII);
                bytes[1 + before] = (byte) b;
                assertThat(scanned(bytes))
                        .as("byte %d at %d", b, before)
                        .isEqualTo(b >= ' ' && b < 0x80 && b != '"' && b != '\\');
            }
        }
    }

    @Test
    @DisplayName("What it walks through is told in the order of the text")
    void walk() throws Exception {
        byte[] bytes = " { \"a\" : [ 1,\"x\" ] , \"b\":{} } ".getBytes(StandardCharsets.US_ASCII);
        JsonScan scan = new JsonScan(bytes, 0, bytes.length);

        assertThat(scan.enter('{', '}')).isTrue();
        assertThat(scan.name()).isEqualTo("a");
        assertThat(scan.enter('[', ']')).isTrue();
        scan.skipValue();
        assertThat(scan.goesOn(']')).isTrue();
        assertThat(scan.string()).isEqualTo("x");
        assertThat(scan.goesOn(']')).isFalse();
        assertThat(scan.goesOn('}')).isTrue();
        assertThat(scan.name()).isEqualTo("b");
        assertThat(scan.enter('{', '}')).isFalse();
        assertThat(scan.goesOn('}')).isFalse();
        assertThat(scan.next()).isEqualTo(-1);
    }
}
