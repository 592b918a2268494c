package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.GatewayExtension;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SmokeTest {

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    @Test
    void chat() throws Exception {
        for (String model : new String[] {"groq/openai/gpt-oss-20b", "echo/hello"}) {
            for (boolean stream : new boolean[] {false, true}) {
                HttpResponse<String> answer = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(gateway.uri("/v1/chat/completions"))
                                        .header("authorization", "Bearer gsk_test")
                                        .POST(BodyPublishers.ofString("{\"model\":\"" + model
                                                + "\",\"stream\":" + stream
                                                + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                                        .build(),
                                BodyHandlers.ofString());
                System.out.println(answer.headers().map() + "\n" + answer.body());
                assertThat(answer.statusCode()).isEqualTo(200);
            }
        }
        System.out.println(new String(gateway.upstream().requests().get(0).raw(), "UTF-8"));
        System.out.println(gateway.gateway().transport());
    }
}
