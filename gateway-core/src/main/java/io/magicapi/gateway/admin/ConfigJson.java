package io.magicapi.gateway.admin;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.config.ConfigDiff.Change;
import io.magicapi.gateway.config.Place;
import io.magicapi.gateway.config.Setting;
import io.magicapi.gateway.reload.ReloadStatus;
import io.magicapi.gateway.reload.Reloaded;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The configuration, and what has changed in it, as JSON. It holds no keys, and what may be a secret is masked. */
final class ConfigJson {

    private ConfigJson() {}

    static JsonObject of(Reloaded reloaded) {
        return new JsonObject()
                .put("version", reloaded.version())
                .put("changes", changes(reloaded.diff().changes()))
                .put("providers", new JsonArray(reloaded.providers()));
    }

    static JsonObject of(ReloadStatus status) {
        JsonObject settings = new JsonObject();
        for (Setting setting : status.inUse().settings()) {
            settings.put(
                    setting.key(),
                    new JsonObject()
                            .put("value", value(setting.masked()))
                            .put("origin", setting.origin().map(Place::brief).orElse("default")));
        }
        JsonObject json = new JsonObject()
                .put("version", status.version())
                .put("since", status.since().toString())
                .put(
                        "files",
                        new JsonArray(status.inUse().files().stream()
                                .map(Path::toString)
                                .toList()))
                .put("needs_restart", changes(status.waiting()))
                .put("settings", settings);
        status.failure()
                .ifPresent(failure -> json.put(
                        "last_error",
                        new JsonObject()
                                .put("at", failure.at().toString())
                                .put("by", failure.by())
                                .put("problems", new JsonArray(failure.problems()))));
        return json;
    }

    private static JsonArray changes(List<Change> changes) {
        JsonArray all = new JsonArray();
        for (Change change : changes) {
            all.add(new JsonObject()
                    .put("key", change.key())
                    .put("before", value(change.before()))
                    .put("after", value(change.after()))
                    .put("needs_restart", change.needsRestart()));
        }
        return all;
    }

    private static @Nullable Object value(Optional<JsonNode> node) {
        return node.map(ConfigJson::value).orElse(null);
    }

    private static @Nullable Object value(JsonNode node) {
        return node.isNull() ? null : Json.decodeValue(node.toString());
    }
}
