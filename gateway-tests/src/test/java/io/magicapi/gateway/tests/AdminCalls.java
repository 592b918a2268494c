package io.magicapi.gateway.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/** An operator at the admin API of a gateway. Remembers all that it was told. */
final class AdminCalls {

    /** A key that must never be seen anywhere. */
    static final String KEY = "admin-canary-0123456789abcdefghijkl";

    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .build();
    private final URI base;
    private final StringBuffer told = new StringBuffer();

    AdminCalls(URI base) {
        this.base = base;
    }

    /** {@return one at the admin API of this gateway} */
    static AdminCalls of(GatewayExtension gateway) {
        return new AdminCalls(gateway.gateway().admin().orElseThrow().url());
    }

    /** An answer. */
    record Told(int status, String body, HttpResponse<String> response) {

        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException e) {
                throw new UncheckedIOException(body, e);
            }
        }

        String error(String field) {
            return json().path("error").path(field).asText();
        }

        /** {@return code and message of an error} */
        String error() {
            return error("code") + " " + error("message");
        }

        /** {@return state and version of a plugin} */
        String standing() {
            return json().path("state").asText() + " " + json().path("version").asText();
        }
    }

    Told get(String path) {
        return send("GET", path, BodyPublishers.noBody(), "authorization", "Bearer " + KEY);
    }

    Told post(String path) {
        return post(path, "");
    }

    Told post(String path, String body) {
        return send("POST", path, BodyPublishers.ofString(body), "authorization", "Bearer " + KEY);
    }

    Told post(String path, BodyPublisher body) {
        return send("POST", path, body, "authorization", "Bearer " + KEY);
    }

    Told send(String method, String path, BodyPublisher body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(60))
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
            told.append(answer.headers().map()).append(answer.body()).append('\n');
            return new Told(answer.statusCode(), answer.body(), answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@return all headers and bodies so far} */
    String told() {
        return told.toString();
    }

    /** {@return each version of a plugin, as state and version} */
    List<String> standings(String id) {
        return get("/admin/plugins/" + id).json().path("versions").findParents("sha256").stream()
                .map(plugin -> plugin.path("state").asText() + " "
                        + plugin.path("version").asText())
                .toList();
    }
}
