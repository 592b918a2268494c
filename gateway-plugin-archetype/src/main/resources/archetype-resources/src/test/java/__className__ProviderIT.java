package ${package};

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The jar that this build has made, in a running gateway, with a scripted upstream where its provider's server would be. */
class ${className}ProviderIT {

    @RegisterExtension
    static final GatewayExtension gateway =
            new GatewayExtension().plugin(PluginJar.ofThisBuild()).provider("${artifactId}", "");

    @Test
    @DisplayName("a chat reaches the provider with the caller's key, and the answer comes back as it was")
    void chat() throws Exception {
        String answer = "{\"id\":\"1\",\"object\":\"chat.completion\",\"choices\":[]}";
        gateway.upstream().enqueue(Answer.json(200, answer));
        HttpRequest request = HttpRequest.newBuilder(gateway.uri("/v1/chat/completions"))
                .header("content-type", "application/json")
                .header("authorization", "Bearer key-of-the-caller")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"${artifactId}/m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}"))
                .build();

        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo(answer);
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/v1/chat/completions");
        assertThat(received.headers("authorization")).containsExactly("Bearer key-of-the-caller");
    }
}
