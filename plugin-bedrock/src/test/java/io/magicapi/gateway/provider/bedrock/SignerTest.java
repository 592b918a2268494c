package io.magicapi.gateway.provider.bedrock;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Secret;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignerTest {

    private static final String ID = "AKIDEXAMPLE";
    private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2015-08-30T12:36:00Z"), ZoneOffset.UTC);
    private static final String DATE = "20150830T123600Z";

    /** The token of the suite's post-sts-header-before. */
    private static final String STS_TOKEN =
            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGB"
                    + "uFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQD"
                    + "YwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Y"
                    + "jc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    /** Signatures from AWS's Signature Version 4 test suite; without them the check below would prove nothing. */
    @Nested
    class TheCheckItself {

        private final SigV4 check = new SigV4(ID, SECRET, "us-east-1", "service");
        private final Headers suite =
                Headers.of("host", "example.amazonaws.com").with("x-amz-date", DATE);

        private void assertSigned(String method, String query, Headers headers, String body, String signature) {
            assertThat(check.authorization(method, "/", query, headers, body.getBytes(StandardCharsets.UTF_8)))
                    .startsWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ")
                    .endsWith("Signature=" + signature);
        }

        @Test
        @DisplayName("get-vanilla")
        void getVanilla() {
            assertSigned("GET", "", suite, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        }

        @Test
        @DisplayName("get-vanilla-query-order-key-case")
        void getVanillaQueryOrder() {
            assertSigned(
                    "GET",
                    "Param2=value2&Param1=value1",
                    suite,
                    "",
                    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
        }

        @Test
        @DisplayName("get-header-value-trim")
        void getHeaderValueTrim() {
            assertSigned(
                    "GET",
                    "",
                    suite.with("my-header1", " value1").with("my-header2", " \"a   b   c\""),
                    "",
                    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
        }

        @Test
        @DisplayName("post-vanilla")
        void postVanilla() {
            assertSigned("POST", "", suite, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
        }

        @Test
        @DisplayName("post-x-www-form-urlencoded")
        void postForm() {
            assertSigned(
                    "POST",
                    "",
                    suite.with("content-type", "application/x-www-form-urlencoded"),
                    "Param1=value1",
                    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
        }

        @Test
        @DisplayName("post-x-www-form-urlencoded of the suite that signs the body's hash too")
        void postFormWithHash() {
            assertSigned(
                    "POST",
                    "",
                    suite.with("content-type", "application/x-www-form-urlencoded")
                            .with("content-length", "13")
                            .with(
                                    "x-amz-content-sha256",
                                    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
                    "Param1=value1",
                    "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b");
        }

        @Test
        @DisplayName("post-sts-header-before: a session token is signed")
        void postSts() {
            assertSigned(
                    "POST",
                    "",
                    suite.with("x-amz-security-token", STS_TOKEN),
                    "",
                    "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
        }
    }

    private static void assertSigned(
            Headers signed, String host, String path, String region, byte[] body, AccessKey key) {
        Headers covered = signed.without("authorization").with("host", host);
        SigV4 check = new SigV4(key.id(), key.secret().reveal(), region, "bedrock");
        assertThat(signed.get("authorization")).hasValue(check.authorization("POST", path, "", covered, body));
        assertThat(signed.get("x-amz-content-sha256")).hasValue(SigV4.hex(SigV4.sha256(body)));
        assertThat(signed.get("x-amz-date")).hasValue(DATE);
        assertThat(signed.get("host")).as("the gateway's").isEmpty();
    }

    private static AccessKey key(Optional<Secret> token) {
        return new AccessKey(ID, Secret.of(SECRET), token);
    }

    private static final Headers JSON = Headers.of("content-type", "application/json");

    @ParameterizedTest
    @CsvSource({
        "https://bedrock-runtime.us-east-1.amazonaws.com, bedrock-runtime.us-east-1.amazonaws.com, ''",
        "https://bedrock-runtime.us-east-1.amazonaws.com/, bedrock-runtime.us-east-1.amazonaws.com, ''",
        "https://vpce.example.com/bedrock, vpce.example.com, /bedrock",
        "http://127.0.0.1:8080, 127.0.0.1:8080, ''",
        "https://proxy.example.com:8443/a/b/, proxy.example.com:8443, /a/b",
    })
    @DisplayName("the signature covers host, path and body as they are sent, wherever Bedrock is")
    void hosts(String baseUrl, String host, String basePath) {
        byte[] body = "{\"messages\":[]}".getBytes(StandardCharsets.UTF_8);
        AccessKey key = key(Optional.empty());

        Headers signed = new Signer(URI.create(baseUrl), Region.DEFAULT, CLOCK)
                .sign(key, "/model/m/converse", JSON, Body.of(body));

        assertSigned(signed, host, basePath + "/model/m/converse", "us-east-1", body, key);
    }

    @Test
    @DisplayName("an ARN's colons and slashes, encoded in the path, are encoded once more in what is signed")
    void arn() {
        String path = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude"
                + "-3-haiku-20240307-v1%3A0/converse";
        AccessKey key = key(Optional.empty());

        Headers signed = new Signer(
                        URI.create("https://bedrock-runtime.eu-west-3.amazonaws.com"), new Region("eu-west-3"), CLOCK)
                .sign(key, path, JSON, Body.EMPTY);

        assertSigned(signed, "bedrock-runtime.eu-west-3.amazonaws.com", path, "eu-west-3", new byte[0], key);
    }

    @Test
    @DisplayName("a session token is sent and signed")
    void sessionToken() {
        AccessKey key = key(Optional.of(Secret.of(STS_TOKEN)));

        Headers signed = new Signer(URI.create(Region.DEFAULT.endpoint()), Region.DEFAULT, CLOCK)
                .sign(key, "/model/m/converse", JSON, Body.EMPTY);

        assertThat(signed.get("x-amz-security-token")).hasValue(STS_TOKEN);
        assertSigned(
                signed, "bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", "us-east-1", new byte[0], key);
    }

    @Test
    @DisplayName("a body of a megabyte is signed whole")
    void largeBody() {
        byte[] body = new byte[1 << 20];
        Arrays.fill(body, (byte) 'x');
        AccessKey key = key(Optional.empty());

        Headers signed = new Signer(URI.create(Region.DEFAULT.endpoint()), Region.DEFAULT, CLOCK)
                .sign(key, "/model/m/converse", JSON, Body.of(body));

        assertSigned(signed, "bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", "us-east-1", body, key);
    }
}
