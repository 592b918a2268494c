package io.magicapi.gateway.cli;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.admin.AdminFile;
import io.magicapi.gateway.admin.AdminKey;
import io.magicapi.gateway.admin.AdminStartException;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks a running gateway, through its admin API. Waits for the answers. */
final class AdminClient {

    private static final String NO_GATEWAY = "GW-S13";
    private static final String CONFIG_INVALID = "GW-A10";
    private static final String NO_KEY = "GW-S14";

    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofMinutes(5);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .connectTimeout(CONNECT)
            .build();
    private final URI url;
    private final Secret key;

    private AdminClient(URI url, Secret key) {
        this.url = url;
        this.key = key;
    }

    /**
     * {@return a client of the gateway that the operator means: the one at an URL, or else the one that runs with this
     * data folder}
     *
     * @param at its URL; null to look in the data folder
     * @param keyFile the file with its key; null to use the configured one, or the one that the gateway has made
     * @throws CommandFailure if there is none, or no key for it
     */
    static AdminClient of(Surroundings surroundings, GatewayConfig config, @Nullable URI at, @Nullable Path keyFile) {
        Path data = surroundings.directory().resolve(config.plugins().data());
        Optional<Secret> given = keyFile == null
                ? given(config, surroundings)
                : Optional.of(read(surroundings.directory().resolve(keyFile)));
        if (at != null) {
            return new AdminClient(
                    checked(at),
                    given.orElseThrow(() -> new CommandFailure(
                            ExitCode.CONFIG,
                            NO_KEY + " there is no key for " + at
                                    + ". Set GATEWAY_ADMIN_KEY, or name a file with --admin-key-file.",
                            null)));
        }
        AdminFile file = running(data, config.admin().enabled());
        Secret key = (keyFile == null ? file.key().or(() -> given) : given)
                .orElseThrow(() -> new CommandFailure(
                        ExitCode.CONFIG,
                        NO_KEY + " the gateway at " + file.url() + " was given a key, and this command was not."
                                + " Set GATEWAY_ADMIN_KEY, or name a file with --admin-key-file.",
                        null));
        return new AdminClient(file.url(), key);
    }

    private static AdminFile running(Path data, boolean enabled) {
        try {
            return AdminFile.read(data)
                    // What a killed gateway left behind: its port may be somebody else's by now.
                    .filter(file -> ProcessHandle.of(file.pid()).isPresent())
                    .orElseThrow(() -> new CommandFailure(
                            ExitCode.NETWORK,
                            enabled
                                    ? NO_GATEWAY + " no gateway runs with the data folder " + data
                                            + ". Start it (gateway serve), or name another folder (--data DIR) or"
                                            + " address (--admin-url URL)."
                                    : NO_GATEWAY + " the gateway has no admin API, because admin.enabled is false.",
                            null));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.CONFIG,
                    NO_KEY + " " + AdminFile.in(data) + " cannot be read: " + e.getMessage()
                            + ". Only the user that the gateway runs as may read it.",
                    e);
        }
    }

    private static Optional<Secret> given(GatewayConfig config, Surroundings surroundings) {
        try {
            return AdminKey.given(config.admin().key(), surroundings.environment())
                    .map(AdminKey::secret);
        } catch (AdminStartException e) {
            throw new CommandFailure(ExitCode.CONFIG, String.valueOf(e.getMessage()), e);
        }
    }

    private static Secret read(Path file) {
        try {
            return Secret.of(Files.readString(file).strip());
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure(
                    ExitCode.CONFIG, NO_KEY + " there is no key in " + file + " (--admin-key-file).", e);
        }
    }

    /** The key opens the gateway to whoever sees it: it does not travel in clear text. */
    private static URI checked(URI url) {
        boolean loopback =
                url.getHost() != null && LOOPBACK.matcher(url.getHost()).matches();
        boolean http = "http".equals(url.getScheme());
        if (!(http && loopback) && !"https".equals(url.getScheme())) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "--admin-url must be http://127.0.0.1:PORT, or begin with https://. Reach a gateway on another"
                            + " machine through ssh -L.",
                    null);
        }
        return url;
    }

    /** {@return one part of a path} */
    static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    JsonObject get(String path) {
        return send(request(path).GET());
    }

    JsonObject post(String path, JsonObject body) {
        return send(
                request(path).header("content-type", "application/json").POST(BodyPublishers.ofString(body.encode())));
    }

    JsonObject upload(Path jar) {
        BodyPublisher body;
        try {
            body = BodyPublishers.ofFile(jar);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, "there is no file " + jar, e);
        }
        return send(request("/admin/plugins")
                .header("content-type", "application/java-archive")
                .POST(body));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(url.resolve(path))
                .timeout(ANSWER)
                .header("user-agent", "gateway-cli/" + Version.gateway())
                .header("authorization", "Bearer " + key.reveal());
    }

    private JsonObject send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
            JsonObject body = new JsonObject(answer.body());
            if (answer.statusCode() == 200) {
                return body;
            }
            throw refused(answer.statusCode(), body.getJsonObject("error"));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.NETWORK,
                    NO_GATEWAY + " no gateway answers at " + url + " ("
                            + e.getClass().getSimpleName() + "). Is it running? gateway serve starts it.",
                    e);
        } catch (DecodeException | ClassCastException e) {
            throw new CommandFailure(
                    ExitCode.NETWORK,
                    NO_GATEWAY + " what answers at " + url + " is not the admin API of a gateway.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(ExitCode.INTERNAL, "interrupted", e);
        }
    }

    private static CommandFailure refused(int status, @Nullable JsonObject error) {
        String code = error == null ? "" : error.getString("code", "");
        String message = error == null ? "status " + status : error.getString("message", "");
        int exitCode = code.startsWith("GW-P")
                ? ExitCode.PLUGIN
                : status == 401 || code.equals(CONFIG_INVALID)
                        ? ExitCode.CONFIG
                        : status >= 500 ? ExitCode.INTERNAL : ExitCode.USAGE;
        return new CommandFailure(exitCode, code + " " + message, null);
    }
}
