package io.magicapi.gateway.config;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A configuration value as it was written, with its place. What a text means, a number or a name, is decided by the
 * key that it belongs to, so {@code yes} and {@code 010} stay what they are.
 *
 * <p>In vertx-config's JSON a mapping is an object, and anything else an array. So its deep merge does the right
 * thing: mappings merge key by key, a single value or a list replaces what was there before.
 */
sealed interface Located {

    /** {@return where its key is; for the items of a list, where the item begins} */
    Place key();

    /** {@return where the value begins} */
    Place at();

    /** {@return the form that vertx-config merges} */
    Object toJson();

    /**
     * A single value.
     *
     * @param plain whether it was written without quotes
     */
    record Scalar(Place key, Place at, String text, boolean plain) implements Located {
        @Override
        public JsonArray toJson() {
            return head(key, at).add(text).add(plain);
        }
    }

    /** A list. */
    record Items(Place key, Place at, List<Located> items) implements Located {
        @Override
        public JsonArray toJson() {
            JsonArray array = new JsonArray();
            items.forEach(item -> array.add(item.toJson()));
            return head(key, at).add(array);
        }
    }

    /**
     * A mapping.
     *
     * @param empty whether nothing was written, as in {@code server:}; such a key changes nothing, and is null within
     *     free-form options
     */
    record Mapping(Place key, Map<String, Located> members, boolean empty) implements Located {
        @Override
        public Place at() {
            return key;
        }

        @Override
        public JsonObject toJson() {
            JsonObject object = new JsonObject().put(AT, place(key));
            if (empty) {
                object.put(EMPTY, true);
            }
            members.forEach((name, member) -> object.put(name, member.toJson()));
            return object;
        }
    }

    /** Names that no YAML text can contain. */
    String AT = "\u0000at";

    String EMPTY = "\u0000empty";
    String PROBLEMS = "\u0000problems";

    /** {@return what {@link #toJson} made, possibly merged since} */
    static Located fromJson(Object json) {
        if (json instanceof JsonObject object) {
            Map<String, Located> members = new LinkedHashMap<>();
            for (String name : object.fieldNames()) {
                if (name.charAt(0) != '\u0000') {
                    members.put(name, fromJson(object.getValue(name)));
                }
            }
            return new Mapping(place(object.getJsonArray(AT), 0), members, object.containsKey(EMPTY));
        }
        JsonArray array = (JsonArray) json;
        Place key = place(array, 0);
        Place at = place(array, 3);
        if (array.getValue(6) instanceof JsonArray children) {
            List<Located> items = new ArrayList<>();
            for (int i = 0; i < children.size(); i++) {
                items.add(fromJson(children.getValue(i)));
            }
            return new Items(key, at, items);
        }
        return new Scalar(key, at, array.getString(6), array.getBoolean(7));
    }

    private static JsonArray head(Place key, Place at) {
        return place(key).addAll(place(at));
    }

    private static JsonArray place(Place place) {
        return new JsonArray().add(place.source()).add(place.line()).add(place.column());
    }

    private static Place place(JsonArray array, int index) {
        return new Place(array.getString(index), array.getInteger(index + 1), array.getInteger(index + 2));
    }
}
