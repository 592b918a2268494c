package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig.Cors;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls from browsers' pages. */
class CorsTest {

    private static final String PAGE = "https://app.example.com";
    /** What openai-node sends besides. */
    private static final String[] SDK = {
        "openai-organization",
        "openai-project",
        "user-agent",
        "x-stainless-arch",
        "x-stainless-helper-method",
        "x-stainless-lang",
        "x-stainless-os",
        "x-stainless-package-version",
        "x-stainless-retry-count",
        "x-stainless-runtime",
        "x-stainless-runtime-version",
        "x-stainless-timeout"
    };

    private static final String CHAT = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    @RegisterExtension
    static final GatewayExtension gateway = with(new Cors(List.of(PAGE), List.of("x-team")));

    @RegisterExtension
    static final GatewayExtension open = with(new Cors(List.of("*"), List.of("*")));

    @RegisterExtension
    static final GatewayExtension closed = GroqJar.gateway();

    private static GatewayExtension with(Cors cors) {
        return GroqJar.gateway()
                .config(config -> config.withServer(config.server().withCors(cors)));
    }

    private static RawRequest preflight(String origin) {
        return RawRequest.of("OPTIONS", "/v1/chat/completions")
                .without("authorization")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization,content-type,x-provider,x-own");
    }

    private static List<String> listed(RawReply reply, String header) {
        return List.of(reply.header(header).orElse("").toLowerCase(Locale.ROOT).split("\\s*,\\s*", -1));
    }

    @Test
    @DisplayName(
            "R48: a preflight is answered here, with the configured origin, methods and headers, and those that SDKs send")
    void preflight() {
        RawReply reply = RawConnection.ask(gateway, preflight(PAGE));

        assertThat(reply.status()).as("%s", reply).isEqualTo(204);
        assertThat(reply.headers("access-control-allow-origin")).containsExactly(PAGE);
        assertThat(listed(reply, "access-control-allow-methods")).contains("post", "get", "delete");
        assertThat(listed(reply, "access-control-allow-headers"))
                .contains("authorization", "content-type", "x-provider", "x-team")
                .contains(SDK)
                .doesNotContain("x-own");
        assertThat(reply.header("access-control-max-age")).isPresent();
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R48: with * any page may call, with any headers")
    void anyOrigin() {
        RawReply reply = RawConnection.ask(open, preflight("https://anywhere.test"));

        assertThat(reply.status()).isEqualTo(204);
        assertThat(reply.header("access-control-allow-origin")).hasValue("*");
        assertThat(listed(reply, "access-control-allow-headers")).contains("x-own", "authorization");
        assertThat(open.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R48: an answer carries the origin, exposes the headers SDKs read, and the provider sees no Origin")
    void answer() {
        RawReply reply = RawConnection.ask(gateway, RawRequest.chat(CHAT).header("Origin", PAGE));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.headers("access-control-allow-origin")).containsExactly(PAGE);
        assertThat(listed(reply, "access-control-expose-headers"))
                .contains("x-request-id", "retry-after", "x-should-retry");
        assertThat(gateway.upstream().awaitRequest().headers("origin")).isEmpty();
    }

    @Test
    @DisplayName("R48: an error carries the origin, too, or the page could not read it")
    void error() {
        RawReply reply = RawConnection.ask(gateway, RawRequest.chat("{").header("Origin", PAGE));

        reply.assertRefusal(400, "invalid_json");
        assertThat(reply.headers("access-control-allow-origin")).containsExactly(PAGE);
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R48: a page of another origin gets a 403, and its request is not sent on")
    @ValueSource(
            strings = {"https://evil.example.com", "http://app.example.com", "https://app.example.com.evil.test", "null"
            })
    void otherOrigin(String origin) {
        RawReply call = RawConnection.ask(gateway, RawRequest.chat(CHAT).header("Origin", origin));
        RawReply asked = RawConnection.ask(gateway, preflight(origin));

        call.assertRefusal(403, "origin_not_allowed");
        asked.assertRefusal(403, "origin_not_allowed");
        assertThat(call.headers("access-control-allow-origin")).isEmpty();
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R48: with no origin configured, whatever a browser's page sends is refused, and not sent on")
    void noOrigins() {
        RawReply asked = RawConnection.ask(closed, preflight(PAGE));
        RawReply call = RawConnection.ask(closed, RawRequest.chat(CHAT).header("Origin", PAGE));

        asked.assertRefusal(403, "origin_not_allowed");
        assertThat(asked.headers("access-control-allow-origin")).isEmpty();
        call.assertRefusal(403, "origin_not_allowed");
        assertThat(closed.upstream().requests()).isEmpty();
    }
}
