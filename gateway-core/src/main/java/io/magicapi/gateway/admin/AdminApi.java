package io.magicapi.gateway.admin;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.admin.AdminRefusal.Reason;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.MetricsSettings;
import io.magicapi.gateway.config.NearestName;
import io.magicapi.gateway.observe.Metrics;
import io.magicapi.gateway.plugins.JarInspector;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.Refusal;
import io.magicapi.gateway.reload.ConfigReload;
import io.magicapi.gateway.reload.ReloadException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routes of the admin API. Each request is admitted by its key first, whatever it asks for; each is answered when
 * what it asks for is done. For one event loop.
 */
final class AdminApi {

    private static final Logger LOG = LoggerFactory.getLogger(AdminApi.class);

    /** What the command line calls itself, for the audit log. */
    private static final String COMMAND_LINE = "gateway-cli";

    private static final String METRICS = "/metrics";

    private static final String SCHEME = "bearer ";
    private static final int MAX_JSON = 16 * 1024;
    private static final Pattern JAR =
            Pattern.compile("[^./\\\\\\p{Cntrl}][^/\\\\\\p{Cntrl}]{0,250}\\.jar", Pattern.CASE_INSENSITIVE);

    private final Vertx vertx;
    private final Path folder;
    private final boolean takesJars;
    private final AdminKey key;
    private final PluginRegistry plugins;
    private final Optional<ConfigReload> reload;
    private final Metrics metrics;
    private final MetricsSettings shown;
    private final Supplier<JarInspector> inspectors;
    private final JarUpload upload;

    AdminApi(
            Vertx vertx,
            GatewayConfig config,
            AdminKey key,
            PluginRegistry plugins,
            Optional<ConfigReload> reload,
            Metrics metrics) {
        this.reload = reload;
        this.vertx = vertx;
        this.folder = config.plugins().dir();
        this.takesJars = config.admin().pluginUpload();
        this.key = key;
        this.plugins = plugins;
        this.metrics = metrics;
        this.shown = config.observability().metrics();
        // One for each use: an inspector keeps what it has read of the lock, and workers are many.
        this.inspectors = () -> new JarInspector(Version.api(), config.plugins());
        this.upload = new JarUpload(vertx, folder, inspectors, plugins);
    }

    /** Answers a request. */
    private interface Answer {
        /** {@return what is sent; throws or fails with why not} */
        Future<JsonObject> to(RoutingContext context);
    }

    /** Something that is done to a plugin. */
    private interface Operation {
        Future<PluginStatus> on(String id, String by);
    }

    Router router() {
        Router router = Router.router(vertx);
        if (shown.open()) {
            serveMetrics(router);
        }
        router.route().handler(this::admit);
        serveMetrics(router);
        serve(router, "/admin/config", Map.of(HttpMethod.GET, context -> config()));
        serve(router, "/admin/config/reload", Map.of(HttpMethod.POST, this::reload));
        serve(router, "/admin/plugins", Map.of(HttpMethod.GET, context -> all(), HttpMethod.POST, this::upload));
        serve(router, "/admin/plugins/load", Map.of(HttpMethod.POST, this::load));
        serve(router, "/admin/plugins/verify", Map.of(HttpMethod.POST, this::verify));
        serve(router, "/admin/plugins/:id", Map.of(HttpMethod.GET, this::one));
        serve(router, "/admin/plugins/:id/reload", Map.of(HttpMethod.POST, operation(plugins::reload)));
        serve(router, "/admin/plugins/:id/unload", Map.of(HttpMethod.POST, operation(plugins::unload)));
        serve(router, "/admin/plugins/:id/rollback", Map.of(HttpMethod.POST, operation(plugins::rollback)));
        serve(router, "/admin/plugins/:id/promote", Map.of(HttpMethod.POST, operation(plugins::promote)));
        serve(router, "/admin/plugins/:id/pin", Map.of(HttpMethod.POST, this::pin));
        serve(router, "/admin/plugins/:id/unpin", Map.of(HttpMethod.POST, operation(plugins::unpin)));
        router.route().handler(context -> {
            throw new AdminRefusal(
                    Reason.UNKNOWN_URL,
                    "unknown URL: " + context.request().method().name() + " "
                            + shorten(context.request().path())
                            + "; the admin API begins at /admin/plugins and /admin/config");
        });
        router.route().failureHandler(AdminApi::fail);
        return router;
    }

    private void serveMetrics(Router router) {
        if (shown.prometheus()) {
            router.get(METRICS).method(HttpMethod.HEAD).handler(this::metrics);
            router.route(METRICS).handler(context -> refuseMethod(context, "GET, HEAD"));
        }
    }

    /** On a worker thread, as there may be a thousand lines and more. */
    private void metrics(RoutingContext context) {
        vertx.executeBlocking(metrics::text, false)
                .onSuccess(text -> send(context, 200, Metrics.CONTENT_TYPE, Buffer.buffer(text)))
                .onFailure(context::fail);
    }

    private static void serve(Router router, String path, Map<HttpMethod, Answer> answers) {
        Set<String> allowed = new TreeSet<>();
        answers.forEach((method, answer) -> {
            Route route = router.route(method, path);
            allowed.add(method.name());
            if (method.equals(HttpMethod.GET)) {
                route.method(HttpMethod.HEAD);
                allowed.add(HttpMethod.HEAD.name());
            }
            route.handler(context -> answer.to(context)
                    .onSuccess(json -> send(context, 200, Buffer.buffer(json.encodePrettily() + "\n")))
                    .onFailure(context::fail));
        });
        String methods = String.join(", ", allowed);
        router.route(path).handler(context -> refuseMethod(context, methods));
    }

    private static void refuseMethod(RoutingContext context, String methods) {
        context.response().putHeader("allow", methods);
        throw new AdminRefusal(
                Reason.METHOD, "method " + context.request().method().name() + " is not served here; use " + methods);
    }

    // ---- who may ask

    private void admit(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (request.headers().contains("origin")) {
            throw new AdminRefusal(
                    Reason.FROM_A_PAGE,
                    "browsers' pages may not call the admin API (the request has an Origin header)");
        }
        List<String> given = request.headers().getAll("authorization");
        if (given.size() != 1 || !isKey(given.get(0))) {
            throw new AdminRefusal(
                    Reason.NO_KEY,
                    (given.isEmpty() ? "the admin API wants its key" : "this is not the key of the admin API")
                            + ": Authorization: Bearer <key>. It is the one in "
                            + key.source().orElse("admin.json in the data folder (plugins.data)")
                            + ", not one of a provider.");
        }
        context.next();
    }

    private boolean isKey(String authorization) {
        return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && key.is(authorization.substring(SCHEME.length()).strip());
    }

    private static String by(RoutingContext context) {
        HttpServerRequest request = context.request();
        String agent = String.valueOf(request.getHeader("user-agent"));
        return (agent.startsWith(COMMAND_LINE) ? "cli " : "admin api ") + request.remoteAddress();
    }

    // ---- what can be asked

    private Future<JsonObject> all() {
        return Future.succeededFuture(new JsonObject()
                .put("plugins", PluginJson.of(plugins.status()))
                .put(
                        "class_loaders",
                        new JsonObject().put("alive", plugins.loadersAlive()).put("leaked", plugins.leaked())));
    }

    private Future<JsonObject> one(RoutingContext context) {
        String id = known(context);
        List<PluginStatus> versions = plugins.status().stream()
                .filter(plugin -> plugin.id().equals(id))
                .toList();
        return Future.succeededFuture(new JsonObject().put("id", id).put("versions", PluginJson.of(versions)));
    }

    private Future<JsonObject> config() {
        return Future.succeededFuture(ConfigJson.of(reloading().status()));
    }

    private Future<JsonObject> reload(RoutingContext context) {
        return reloading().reload(by(context)).map(ConfigJson::of);
    }

    private ConfigReload reloading() {
        return reload.orElseThrow(() -> new AdminRefusal(
                Reason.NO_CONFIG_FILES,
                "this gateway was given its configuration by the program that started it, and cannot read it again"));
    }

    private Answer operation(Operation operation) {
        return context -> operation.on(known(context), by(context)).map(PluginJson::of);
    }

    private Future<JsonObject> pin(RoutingContext context) {
        String id = known(context);
        return text(context, "version")
                .compose(version -> plugins.pin(id, version, by(context)))
                .map(PluginJson::of);
    }

    private Future<JsonObject> load(RoutingContext context) {
        return jar(context).compose(file -> plugins.load(file, by(context))).map(PluginJson::of);
    }

    private Future<JsonObject> verify(RoutingContext context) {
        return jar(context).compose(file -> vertx.executeBlocking(() -> verify(folder.resolve(file))));
    }

    private JsonObject verify(Path jar) {
        if (!Files.isRegularFile(jar)) {
            throw new AdminRefusal(
                    Reason.NO_SUCH_PLUGIN,
                    "there is no file " + jar.getFileName() + " in " + folder + ". Copy the jar there.");
        }
        return inspectors.get().inspect(jar).<JsonObject>fold(PluginJson::of, refused -> {
            throw AdminRefusal.of(refused);
        });
    }

    private Future<JsonObject> upload(RoutingContext context) {
        if (!takesJars) {
            throw new AdminRefusal(
                    Reason.UPLOAD_OFF,
                    "this gateway takes no uploads. Copy the jar into " + folder
                            + ", or set admin.plugin-upload: true and restart.");
        }
        return upload.take(context.request(), length(context.request()), by(context))
                .map(PluginJson::of);
    }

    private String known(RoutingContext context) {
        String id = String.valueOf(context.pathParam("id"));
        List<String> ids =
                plugins.status().stream().map(PluginStatus::id).distinct().toList();
        if (ids.contains(id)) {
            return id;
        }
        throw new AdminRefusal(
                Reason.NO_SUCH_PLUGIN,
                "there is no plugin \"" + shorten(id) + "\". "
                        + NearestName.of(shorten(id), ids)
                                .map(nearest -> "Did you mean \"" + nearest + "\"?")
                                .orElseGet(() ->
                                        "There is: " + ids.stream().limit(20).collect(Collectors.joining(", "))));
    }

    // ---- bodies

    private Future<Path> jar(RoutingContext context) {
        return text(context, "file").map(name -> {
            try {
                if (JAR.matcher(name).matches()) {
                    return Path.of(name);
                }
            } catch (InvalidPathException e) {
                LOG.atDebug().log("no file of this machine can have that name: {}", e.getReason());
            }
            throw new AdminRefusal(
                    Reason.MALFORMED,
                    "\"" + shorten(name) + "\" is not the name of a jar in " + folder
                            + ". Give a name without folders, such as acme-1.0.0.jar.");
        });
    }

    /** {@return a member of the request's body} */
    private static Future<String> text(RoutingContext context, String name) {
        if (length(context.request()) > MAX_JSON) {
            throw new AdminRefusal(Reason.TOO_LARGE, "the body is larger than " + MAX_JSON + " bytes");
        }
        return context.request().body().map(body -> {
            Object value;
            try {
                value = new JsonObject(body).getValue(name);
            } catch (DecodeException | ClassCastException e) {
                value = null;
            }
            if (value instanceof String text && !text.isBlank()) {
                return text;
            }
            throw new AdminRefusal(
                    Reason.MALFORMED, "the body must be JSON such as {\"" + name + "\":\"" + example(name) + "\"}");
        });
    }

    private static String example(String name) {
        return name.equals("version") ? "1.2.3" : "acme-1.0.0.jar";
    }

    /** {@return how long the body is going to be; what does not say so is not read} */
    private static long length(HttpServerRequest request) {
        String length = request.getHeader("content-length");
        if (length == null && request.headers().contains("transfer-encoding")) {
            throw new AdminRefusal(Reason.LENGTH_REQUIRED, "the request needs a Content-Length");
        }
        return length == null ? 0 : Long.parseLong(length);
    }

    // ---- answers

    private static void fail(RoutingContext context) {
        AdminRefusal refusal = refusal(context);
        if (refusal.status() == 401) {
            context.response().putHeader("www-authenticate", "Bearer");
        }
        send(context, refusal);
    }

    private static void send(RoutingContext context, AdminRefusal refusal) {
        context.request().resume(); // what is left of it is not wanted
        send(context, refusal.status(), refusal.body());
    }

    private static void send(RoutingContext context, int status, Buffer body) {
        send(context, status, "application/json", body);
    }

    private static void send(RoutingContext context, int status, String type, Buffer body) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return; // the client has left
        }
        response.setStatusCode(status)
                .putHeader("content-type", type)
                .putHeader("cache-control", "no-store")
                .putHeader("content-length", String.valueOf(body.length()));
        if (context.request().method().equals(HttpMethod.HEAD)) {
            response.end();
        } else {
            response.end(body);
        }
    }

    private static AdminRefusal refusal(RoutingContext context) {
        Throwable failure = context.failure();
        if (failure instanceof AdminRefusal told) {
            return told;
        }
        if (failure instanceof Refusal told) {
            return AdminRefusal.of(told.rejection());
        }
        if (failure instanceof ReloadException told) {
            return new AdminRefusal(Reason.CONFIG_INVALID, String.valueOf(told.getMessage()));
        }
        if (failure instanceof HttpClosedException) {
            return new AdminRefusal(Reason.MALFORMED, "the request broke off");
        }
        if (failure == null) {
            return new AdminRefusal(Reason.MALFORMED, "the request is malformed");
        }
        LOG.atError().setCause(failure).log("an admin request failed for a reason not foreseen");
        return new AdminRefusal(Reason.BUG, "the gateway failed; its log tells more");
    }

    private static String shorten(String text) {
        return text.length() > 100 ? text.substring(0, 100) + "…" : text;
    }
}
